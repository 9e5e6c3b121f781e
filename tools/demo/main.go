// Command demo runs the whole cache on a real kernel, in a guest, and shows
// what it did: the sequence of the dm-lc manual, a file system with a real
// source tree, a power cut, and the proof that nothing synced was lost.
//
//	go run ./tools/demo [-seed N] [-files DIR]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// toolchain is the source tree of the Go toolchain at hand.
func toolchain(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "/usr/local/go/src"
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src")
}

func main() {
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "what the power cut destroys is thrown with this seed")
	files := flag.String("files", "", "the tree of files to copy, at least 5,000 (default: the Go toolchain's own src)")
	lc := flag.String("lc", "bin/lc", "the lc program, built with CGO_ENABLED=0")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 25*time.Minute)
	defer cancel()
	if *files == "" {
		*files = toolchain(ctx)
	}
	if err := run(ctx, *lc, *files, *seed); err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v (seed %d)\n", err, *seed)
		os.Exit(1)
	}
}
