package managertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// lcBinary builds the program.
var lcBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lc")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "lc")
	out, err := exec.Command("go", "build", "-o", path, "github.com/ublk-lc/ublk-lc/cmd/lc").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// LC runs a verb that needs no server, and returns what it says.
func LC(ctx context.Context, words ...string) (string, error) {
	path, err := lcBinary()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, path, words...).CombinedOutput()
	return string(out), err
}
