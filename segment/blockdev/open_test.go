package blockdev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// mounted is a file system that a tool makes on a disk, or a kind without one,
// until the end of the test.
func mounted(t *testing.T, options ...string) string {
	t.Helper()
	kit.Need(t, kit.Root)
	dir := t.TempDir()
	kit.Run(t, "mount", append(options, dir)...)
	t.Cleanup(func() { kit.Run(t, "umount", dir) })
	return dir
}

// What keeps a disk from being opened is said in words, with the way on if
// there is one.
func TestOpenSaysWhy(t *testing.T) {
	gone := t.TempDir()
	t.Chdir(gone)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PWD", "")
	if _, err := Open("disk", OpenOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a folder that is gone: %v", err)
	}
	if _, err := Open("/proc/version", OpenOptions{ReadOnly: true}); !errors.Is(err, ErrNoDirect) {
		t.Errorf("a file without direct I/O: %v", err)
	}
	dir := mounted(t, "-t", "tmpfs", "none")
	disk := filepath.Join(dir, "disk")
	if err := os.WriteFile(disk, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	kit.Run(t, "mount", "-o", "remount,ro", dir)
	if _, err := Open(disk, OpenOptions{}); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "its file system is mounted read-only") {
		t.Errorf("a file on what is mounted read-only: %v", err)
	}
}

// A node that nobody may open hides whether the disk is read-only; sysfs tells.
func TestOpenOfANodeThatIsRefused(t *testing.T) {
	loop := kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20))
	var st unix.Stat_t
	if err := unix.Stat(loop, &st); err != nil {
		t.Fatal(err)
	}
	node := filepath.Join(mounted(t, "-t", "tmpfs", "-o", "nodev", "none"), "node")
	if err := unix.Mknod(node, unix.S_IFBLK|0o600, int(st.Rdev)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(node, OpenOptions{}); !errors.Is(err, unix.EACCES) || errors.Is(err, ErrUnfit) {
		t.Errorf("a node that is none here: %v", err)
	}
	setReadOnly(t, loop)
	if _, err := Open(node, OpenOptions{}); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "it is read-only") {
		t.Errorf("of a disk that is read-only besides: %v", err)
	}
}

// What a device is not asked successfully for, it is not guessed to have.
func TestDescribeSaysWhy(t *testing.T) {
	if err := (&Device{fd: -1}).describe(); !errors.Is(err, unix.EBADF) {
		t.Errorf("of none: %v", err)
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := (&Device{fd: int(null.Fd())}).describe(); !errors.Is(err, unix.ENOTTY) || !strings.Contains(err.Error(), "size") {
		t.Errorf("of what is no disk: %v", err)
	}
}

// What a device says of itself is what the host says of it.
func TestDeviceFacts(t *testing.T) {
	loop := kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20), "--sector-size", "4096")
	d := open(t, loop, OpenOptions{ReadOnly: true})
	sys := "/sys/block/" + filepath.Base(loop)
	says := func(name string) string {
		b, err := os.ReadFile(filepath.Join(sys, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	for name, got := range map[string]any{
		"dev":                       fmt.Sprintf("%d:%d", d.Major(), d.Minor()),
		"queue/logical_block_size":  d.LogicalBlock(),
		"queue/physical_block_size": d.PhysicalBlock(),
		"queue/optimal_io_size":     d.OptimalIO(),
		"queue/rotational":          map[bool]int{true: 1}[d.Rotational()],
	} {
		if fmt.Sprint(got) != says(name) {
			t.Errorf("%s is %s, the device says %v", name, says(name), got)
		}
	}
	if want := says("queue/discard_max_bytes") != "0" && says("queue/write_zeroes_max_bytes") != "0"; d.CanDiscard() != want {
		t.Errorf("it can discard: %v", d.CanDiscard())
	}
}

// A file on a disk with large blocks has large ones too; so has one that does
// not tell.
func TestBlocksOfAFile(t *testing.T) {
	image := kit.Disk(t, "image", 32<<20)
	loop := kit.LoopDevice(t, image, "--sector-size", "4096")
	kit.Run(t, "mkfs.ext4", "-q", "-F", loop)
	path := filepath.Join(mounted(t, loop), "disk")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	d := open(t, path, OpenOptions{ReadOnly: true})
	if d.LogicalBlock() != 4096 || d.PhysicalBlock() != 4096 {
		t.Errorf("blocks of %d and %d bytes", d.LogicalBlock(), d.PhysicalBlock())
	}
	if err := d.Close(); err != nil { // before it is unmounted
		t.Error(err)
	}
	if n := directAlignment(-1); n != largestBlock {
		t.Errorf("what cannot be asked has blocks of %d bytes", n)
	}
}

// A device that is closed, or whose descriptor somebody has closed, fails
// whatever it is asked to do, and says what that was.
func TestClosedDevice(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{})
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	for what, do := range map[string]func() error{
		"read":                         func() error { _, err := d.ReadAt(b, 0); return err },
		"write":                        func() error { _, err := d.WriteAt(b, 0); return err },
		"flush":                        d.Flush,
		"look for a signature":         d.CheckEmpty,
		"look what blocks the content": func() error { _, _, err := d.MadeFor(); return err },
	} {
		if err := do(); !errors.Is(err, unix.EBADF) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := (&Device{path: "/a", fd: 1 << 30}).Close(); !errors.Is(err, unix.EBADF) || !strings.Contains(err.Error(), "close /a") {
		t.Errorf("close what is closed: %v", err)
	}
}
