package blockdev

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// holdOpen has another process hold a file open until the end of the test, and
// returns its id.
func holdOpen(t *testing.T, path string, flags int) string {
	t.Helper()
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command("sleep", "1000")
	cmd.ExtraFiles = []*os.File{f}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return strconv.Itoa(cmd.Process.Pid)
}

// A program need not have asked for a disk alone to be one that uses it.
func TestWritersAreUsers(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	for _, path := range []string{file, kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20))} {
		reader := holdOpen(t, path, os.O_RDONLY)
		d, err := Open(path, OpenOptions{Exclusive: true})
		if err != nil {
			t.Fatalf("beside one that only reads: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if by := openedBy(t, path, "process "+reader+" (sleep)"); by != "" {
			t.Errorf("%s is open by %q; want %s", path, by, reader)
		}
		writer := holdOpen(t, path, os.O_RDWR)
		_, err = Open(path, OpenOptions{Exclusive: true})
		if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "open for writing by process "+writer+" (sleep)") {
			t.Errorf("beside one that writes: got %v, want process %s", err, writer)
		}
		if _, err := Open(path, OpenOptions{ReadOnly: true}); err != nil {
			t.Errorf("to look at it only: %v", err)
		}
	}
}

func TestOwnFilesDoNotCount(t *testing.T) {
	path := kit.Disk(t, "disk", 8<<20)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open(t, path, OpenOptions{Exclusive: true})
}

// Whoever has a partition open uses the disk, and whoever writes to the disk
// may write to its partitions.
func TestWritersOfPartitions(t *testing.T) {
	disk, part := partitioned(t)
	writer := holdOpen(t, part, os.O_RDWR)
	want := "its partition " + filepath.Base(part) + " is open for writing by process " + writer
	if _, err := Open(disk, OpenOptions{Exclusive: true}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), want) {
		t.Errorf("the disk: got %v, want %q", err, want)
	}
	if by := openedBy(t, disk, writer); by != "" {
		t.Errorf("the disk is open by %q", by)
	}

	disk, part = partitioned(t)
	writer = holdOpen(t, disk, os.O_RDWR)
	want = "its disk is open for writing by process " + writer
	if _, err := Open(part, OpenOptions{Exclusive: true}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), want) {
		t.Errorf("the partition: got %v, want %q", err, want)
	}
	if by := openedBy(t, part, ""); by != "" {
		t.Errorf("the partition itself is open by %q", by)
	}
}

// openedBy is what OpenedBy says instead of naming who, "" for nobody. Others
// look at every disk of this host for a moment, as the server's tests do, so it
// is asked again for some time.
func openedBy(t *testing.T, path, who string) string {
	t.Helper()
	by := ""
	for range 500 {
		var err error
		if by, err = OpenedBy(path); err != nil {
			t.Fatal(err)
		}
		if by == who || who != "" && strings.Contains(by, who) {
			return ""
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Sprintf("%q", by)
}

// partitioned is a loop device with one partition.
func partitioned(t *testing.T) (disk, part string) {
	t.Helper()
	disk = kit.LoopDevice(t, kit.Disk(t, "disk", 16<<20), "--partscan")
	kit.Run(t, "addpart", disk, "1", "2048", "4096")
	t.Cleanup(func() { exec.Command("delpart", disk, "1").Run() })
	return disk, disk + "p1"
}
