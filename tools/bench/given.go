package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// given is a device that the user named.
type given struct {
	path     string // no link
	number   string // major:minor
	size     int64
	identity string
	content  string // what it holds by its signature, or ""
}

func (g given) String() string {
	holds := "no known signature on it"
	if g.content != "" {
		holds = "holds: " + g.content
	}
	identity := g.identity
	if identity == "" {
		identity = "of unknown identity"
	}
	return fmt.Sprintf("%s (%s, %s, %s)", g.path, humanize.IBytes(uint64(g.size)), identity, holds)
}

// hddAtLeast is what the works use of a disk. Of an SSD they use a cache.
const hddAtLeast = 4 << 30

// inspect looks at an SSD and perhaps a disk, without writing to them. One that
// is in use is refused.
func inspect(paths []string, cacheMB int) ([]given, error) {
	var list []given
	for _, path := range paths {
		g, err := look(path)
		if err != nil {
			return nil, err
		}
		for _, other := range list {
			if g.overlaps(other) {
				return nil, fmt.Errorf("%s and %s are, or lie on, the same device", other.path, g.path)
			}
		}
		list = append(list, g)
	}
	for i, g := range list {
		if least := []int64{int64(cacheMB+64) << 20, hddAtLeast}[i]; g.size < least {
			return nil, fmt.Errorf("%s has %s, the works need %s", g.path, humanize.IBytes(uint64(g.size)), humanize.IBytes(uint64(least)))
		}
	}
	return list, nil
}

func look(path string) (given, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return given{}, err
	}
	d, err := blockdev.Open(real, blockdev.OpenOptions{Exclusive: true, ReadOnly: true})
	if err != nil {
		return given{}, err
	}
	defer d.Close()
	if d.IsFile() {
		return given{}, fmt.Errorf("%s is a file; -on takes block devices", path)
	}
	content, err := d.Content()
	return given{
		path: real, number: fmt.Sprintf("%d:%d", d.Major(), d.Minor()),
		size: int64(d.Size()), identity: d.Identity(), content: content,
	}, err
}

// overlaps tells whether two devices are one, or one a partition of the other.
func (g given) overlaps(o given) bool {
	if g.number == o.number {
		return true
	}
	a, b := g.sysfs(), o.sysfs()
	return strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// sysfs is the device's own folder there; a partition's lies in its disk's.
func (g given) sysfs() string {
	dir := filepath.Join("/sys/dev/block", g.number)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// permit says whether the user has agreed to lose what the devices hold.
func permit(list []given, o options) error {
	if o.destroy {
		return nil
	}
	lines := []string{"the works overwrite these devices; if that is what you want, add -destroy:"}
	for _, g := range list {
		lines = append(lines, "  "+g.String())
	}
	return errors.New(strings.Join(lines, "\n"))
}

// written reads the kernel's count of the bytes written to a device.
func (g given) written() (uint64, error) {
	text, err := os.ReadFile(filepath.Join("/sys/dev/block", g.number, "stat"))
	if err != nil {
		return 0, err
	}
	return sectorsWritten(string(text))
}

// sectorsWritten is the seventh field of a device's stat, in bytes.
func sectorsWritten(stat string) (uint64, error) {
	f := strings.Fields(stat)
	if len(f) < 7 {
		return 0, fmt.Errorf("statistics of a device with %d fields", len(f))
	}
	var n uint64
	if _, err := fmt.Sscan(f[6], &n); err != nil {
		return 0, fmt.Errorf("statistics of a device: %w", err)
	}
	return n * 512, nil
}
