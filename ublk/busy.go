package ublk

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Busy returns an error that is ErrBusy, and says by what, when the block
// device or a partition of it is mounted, is part of another device, is swapped
// to, or is open exclusively. It is nil for a device that is idle, merely open,
// or not there.
func Busy(id int) error {
	path := blockPath(id)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_EXCL|unix.O_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
		return nil
	}
	if !errors.Is(err, unix.EBUSY) {
		return nil
	}
	by := append(mounts(path), holders(id)...)
	if len(by) == 0 {
		by = []string{"open exclusively by another program"}
	}
	return fmt.Errorf("%s is %w: %s", path, ErrBusy, strings.Join(by, ", "))
}

// mounts lists where a device and its partitions are mounted, in this process's
// mount namespace.
func mounts(path string) (by []string) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) > 1 && (fields[0] == path || strings.HasPrefix(fields[0], path+"p")) {
			by = append(by, "mounted on "+fields[1])
		}
	}
	return by
}

// holders lists the devices that are built on this one.
func holders(id int) (by []string) {
	entries, err := os.ReadDir(blockSysfs(id) + "/holders")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		by = append(by, "part of "+e.Name())
	}
	return by
}
