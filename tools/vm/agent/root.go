package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// rootSerial is the serial number of the disk with the root file system.
const rootSerial = "root"

// mount is one call of mount(2).
type mount struct {
	source, target, kind string
	flags                uintptr
}

func (m mount) do() error {
	if err := os.MkdirAll(m.target, 0o755); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := unix.Mount(m.source, m.target, m.kind, m.flags, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", m.kind, m.target, err)
	}
	return nil
}

func mountAll(list []mount) error {
	for _, m := range list {
		if err := m.do(); err != nil {
			return err
		}
	}
	return nil
}

// enterRoot takes process 1 from the initrd into the root disk.
func enterRoot() error {
	if err := mountAll([]mount{{"dev", "/dev", "devtmpfs", 0}, {"sys", "/sys", "sysfs", 0}}); err != nil {
		return err
	}
	if err := loadModule("/virtio_blk.ko"); err != nil {
		return err
	}
	disks, err := disksBySerial()
	if err != nil {
		return err
	}
	root, ok := disks[rootSerial]
	if !ok {
		return fmt.Errorf("no disk with serial %q among %v", rootSerial, disks)
	}
	if err := mountAll([]mount{
		{root, "/root", "ext4", unix.MS_NOATIME},
		{"/dev", "/root/dev", "", unix.MS_MOVE},
		{"/sys", "/root/sys", "", unix.MS_MOVE},
	}); err != nil {
		return err
	}
	if err := switchRoot("/root"); err != nil {
		return err
	}
	return furnish(disks)
}

func switchRoot(to string) error {
	if err := os.Chdir(to); err != nil {
		return fmt.Errorf("switch root: %w", err)
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("switch root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("switch root: %w", err)
	}
	return os.Chdir("/")
}

// furnish mounts what programs expect and names the disks as udev would.
func furnish(disks map[string]string) error {
	if err := mountAll([]mount{
		{"proc", "/proc", "proc", 0},
		{"tmp", "/tmp", "tmpfs", 0},
		{"run", "/run", "tmpfs", 0},
		{"shm", "/dev/shm", "tmpfs", 0},
		{"pts", "/dev/pts", "devpts", 0},
		{"debug", "/sys/kernel/debug", "debugfs", 0},
	}); err != nil {
		return err
	}
	if err := os.MkdirAll("/dev/disk/by-id", 0o755); err != nil {
		return err
	}
	for serial, dev := range disks {
		if serial == "" {
			continue // it has none
		}
		if err := os.Symlink(dev, "/dev/disk/by-id/virtio-"+serial); err != nil {
			return err
		}
	}
	for k, v := range map[string]string{"PATH": "/usr/local/bin:/usr/bin:/usr/sbin", "HOME": "/root", "LC_ALL": "C", "TERM": "dumb"} {
		if err := os.Setenv(k, v); err != nil {
			return err
		}
	}
	return loopbackUp()
}

// loopbackUp brings the lo interface up.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return nil
}

func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load %s: %w", path, err)
	}
	return nil
}

// disksBySerial maps the serial number of each virtio disk to its node.
func disksBySerial() (map[string]string, error) {
	files, err := filepath.Glob("/sys/block/vd*/serial")
	if err != nil {
		return nil, err
	}
	disks := map[string]string{}
	for _, f := range files {
		serial, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		disks[strings.TrimSpace(string(serial))] = "/dev/" + filepath.Base(filepath.Dir(f))
	}
	return disks, nil
}
