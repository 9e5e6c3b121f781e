package vm

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// recipe is everything that decides what a guest is made of.
//
//go:embed agent/*.go wire/*.go build.go packages.go kernel.go bootimage.go root.go cpio.go
var recipe embed.FS

// Built is a prepared guest: files that machines share and never write to.
type Built struct {
	Dir     string
	Kernel  string
	Initrd  string
	Root    string
	Version string // of the kernel
}

// unusedFor is the age at which a guest made from another recipe is removed.
const unusedFor = 14 * 24 * time.Hour

// Build returns the guest of this recipe, and makes it if it is not in the
// cache folder, ${XDG_CACHE_HOME:-~/.cache}/ublk-lc/vm. That takes a minute,
// needs root for apt-get if a package is missing, and the network.
func Build(ctx context.Context) (*Built, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	hash, err := recipeHash()
	if err != nil {
		return nil, err
	}
	unlock, err := lockFile(filepath.Join(cache, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	dir := filepath.Join(cache, "guest-"+hash)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		err = assemble(ctx, cache, dir)
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, fmt.Errorf("vm: %w", err)
	}
	if err := prune(cache, dir); err != nil {
		return nil, err
	}
	return open(dir)
}

func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("vm: %w", err)
	}
	dir := filepath.Join(base, "ublk-lc", "vm")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("vm: %w", err)
	}
	return dir, nil
}

func recipeHash() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(recipe, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := recipe.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(data), data)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("vm: recipe: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// lockFile waits for its turn among all builders on this host.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("vm: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("vm: lock %s: %w", path, err), f.Close())
	}
	return func() { _ = f.Close() }, nil // closing unlocks
}

// assemble makes a guest in a folder that gets its name when it is complete.
func assemble(ctx context.Context, cache, dir string) error {
	if err := installPackages(ctx); err != nil {
		return err
	}
	kernel, err := fetchKernel(ctx, cache)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(cache, "making-")
	if err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	for _, step := range []func(context.Context, string, *kernelTree) error{makeKernel, makeInitrd, makeRoot} {
		if err := step(ctx, work, kernel); err != nil {
			return err
		}
	}
	if err := os.Rename(work, dir); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	return nil
}

// open names the parts of a guest that is complete.
func open(dir string) (*Built, error) {
	version, err := os.ReadFile(filepath.Join(dir, "version"))
	if err != nil {
		return nil, fmt.Errorf("vm: %w", err)
	}
	return &Built{
		Dir:     dir,
		Kernel:  filepath.Join(dir, "kernel"),
		Initrd:  filepath.Join(dir, "initrd"),
		Root:    filepath.Join(dir, "root.img"),
		Version: string(version),
	}, nil
}

// prune notes that dir is in use and removes guests that no one has used for
// long, and what interrupted builders left.
func prune(cache, dir string) error {
	now := time.Now()
	if err := os.Chtimes(dir, now, now); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || now.Sub(info.ModTime()) < unusedFor {
			continue
		}
		if err := os.RemoveAll(filepath.Join(cache, e.Name())); err != nil {
			return fmt.Errorf("vm: %w", err)
		}
	}
	return nil
}

// command runs a program of the host and returns its standard output.
func command(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("vm: %s %v: %w: %s", name, args, err, exit.Stderr)
		}
		return nil, fmt.Errorf("vm: %s: %w", name, err)
	}
	return out, nil
}
