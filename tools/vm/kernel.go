package vm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// kernelPattern matches the packages to choose the newest of. The cloud
// kernel is small, and has ublk, the device mapper and bcache as modules.
const kernelPattern = `^linux-image-6\.12\..*-cloud-amd64-unsigned$`

// kernelTree is an unpacked kernel package.
type kernelTree struct {
	dir     string
	version string
}

func (k *kernelTree) image() string   { return filepath.Join(k.dir, "boot", "vmlinuz-"+k.version) }
func (k *kernelTree) modules() string { return filepath.Join(k.dir, "lib/modules", k.version) }

// fetchKernel downloads and unpacks the newest kernel unless it is in the
// cache folder.
func fetchKernel(ctx context.Context, cache string) (*kernelTree, error) {
	name, err := newestKernel(ctx)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, name)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := unpackKernel(ctx, cache, name, dir); err != nil {
			return nil, err
		}
	}
	versions, err := os.ReadDir(filepath.Join(dir, "lib/modules"))
	if err != nil {
		return nil, fmt.Errorf("vm: kernel: %w", err)
	}
	if len(versions) != 1 {
		return nil, fmt.Errorf("vm: %s holds %d kernels, want one", dir, len(versions))
	}
	return &kernelTree{dir, versions[0].Name()}, nil
}

func unpackKernel(ctx context.Context, cache, name, dir string) error {
	work, err := os.MkdirTemp(cache, "making-")
	if err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	defer os.RemoveAll(work)
	if _, err := command(ctx, work, "apt-get", "download", "-q", name); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil || len(debs) != 1 {
		return fmt.Errorf("vm: apt-get download %s left %v", name, debs)
	}
	tree := filepath.Join(work, "tree")
	if _, err := command(ctx, work, "dpkg", "-x", debs[0], tree); err != nil {
		return err
	}
	if err := os.Rename(tree, dir); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	return nil
}

// newestKernel asks the package lists, and refreshes them if they know none.
func newestKernel(ctx context.Context) (string, error) {
	for range 2 {
		out, err := command(ctx, "", "apt-cache", "search", "--names-only", kernelPattern)
		if err != nil {
			return "", err
		}
		var names []string
		for line := range strings.Lines(string(out)) {
			names = append(names, strings.Fields(line)[0])
		}
		if len(names) > 0 {
			return slices.MaxFunc(names, compareVersions), nil
		}
		if _, err := command(ctx, "", "apt-get", "update", "-q"); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("vm: no package matches %s; Debian 12 has it in bookworm-security", kernelPattern)
}

// compareVersions compares names by the numbers in them.
func compareVersions(a, b string) int { return slices.Compare(numbers(a), numbers(b)) }

func numbers(s string) []int {
	var list []int
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(f); err == nil {
			list = append(list, n)
		}
	}
	return list
}
