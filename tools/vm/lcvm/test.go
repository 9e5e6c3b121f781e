package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// guestDir is where a package's test binary and testdata are in the guest.
const guestDir = "/test"

func testVerb(ctx context.Context, args []string) (int, error) {
	o, rest, err := parseOptions("test", args)
	if err != nil {
		return 0, err
	}
	if len(rest) == 0 {
		return 0, errors.New(usage)
	}
	work, err := os.MkdirTemp("", "lc-vm-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, "test.bin")
	if _, err := goTool(ctx, "test", "-c", "-o", binary, rest[0]); err != nil {
		return 0, err
	}
	dir, err := goTool(ctx, "list", "-f", "{{.Dir}}", rest[0])
	if err != nil {
		return 0, err
	}
	if _, err := os.Stat(binary); err != nil {
		return 0, fmt.Errorf("%s has no tests", rest[0])
	}
	o.config.Files[guestDir+"/test.bin"] = binary
	if data := filepath.Join(strings.TrimSpace(dir), "testdata"); isDir(data) {
		o.config.Files[guestDir+"/testdata"] = data
	}
	command := append([]string{guestDir + "/test.bin", "-test.v"}, testFlags(rest[1:])...)
	return o.run(ctx, vm.Command{Args: command, Dir: guestDir, Env: []string{"LC_GUEST=1"}})
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// testFlags spells the flags of go test as its binaries want them.
func testFlags(args []string) []string {
	flags := make([]string, len(args))
	for i, a := range args {
		name := strings.TrimLeft(a, "-")
		if name != a && !strings.HasPrefix(name, "test.") {
			a = "-test." + name
		}
		flags[i] = a
	}
	return flags
}

func goTool(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return string(out), nil
}
