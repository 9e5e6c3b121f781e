package blockdev

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

func open(t *testing.T, path string, o OpenOptions) *Device {
	t.Helper()
	d, err := Open(path, o)
	if errors.Is(err, ErrNoDirect) {
		kit.Need(t, kit.Direct(filepath.Dir(path), 4096))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestOpenRefuses(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		want       error
	}{
		{"a directory", t.TempDir(), ErrNotBlock},
		{"a character device", "/dev/null", ErrNotBlock},
		{"a pipe", fifo, ErrNotBlock},
		{"nothing", filepath.Join(t.TempDir(), "none"), unix.ENOENT},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Open(c.path, OpenOptions{Exclusive: true}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestFileIsExclusive(t *testing.T) {
	path := kit.Disk(t, "disk", 1<<20)
	d := open(t, path, OpenOptions{Exclusive: true})
	if _, err := Open(path, OpenOptions{Exclusive: true}); !errors.Is(err, ErrInUse) {
		t.Errorf("second exclusive open: got %v, want ErrInUse", err)
	}
	reader, err := Open(path, OpenOptions{ReadOnly: true})
	if err != nil {
		t.Errorf("a reader beside it: %v", err)
	} else {
		reader.Close()
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path, OpenOptions{Exclusive: true})
}

func TestFileReadsAndWrites(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20+100), OpenOptions{Exclusive: true})
	if !d.IsFile() || d.Size() != 1<<20 || d.Rest() != 100 {
		t.Errorf("IsFile %v, size %d, rest %d; want true, 1 MiB and 100: only whole blocks count", d.IsFile(), d.Size(), d.Rest())
	}
	if b := d.LogicalBlock(); b != 512 && b != 4096 {
		t.Errorf("logical block %d", b)
	}
	buf, err := mem.Alloc(8192)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(buf)
	out, in := buf[:4096], buf[4096:]
	for i := range out {
		out[i] = byte(i)
	}
	if _, err := d.WriteAt(out, 1<<20-4096); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReadAt(in, 1<<20-4096); err != nil || !bytes.Equal(in, out) {
		t.Errorf("read back: %v, equal %v", err, bytes.Equal(in, out))
	}
	if _, err := d.ReadAt(in, 2<<20); !errors.Is(err, io.EOF) {
		t.Errorf("read past the end: %v, want EOF", err)
	}
}

// A file is as long as a disk may be: to the logical block, and no less.
func TestSizeIsExact(t *testing.T) {
	path := kit.Disk(t, "disk", 100<<20+3*512)
	kit.Need(t, kit.Direct(filepath.Dir(path), 512))
	d := open(t, path, OpenOptions{})
	if d.Size() != 100<<20+3*512 || d.Rest() != 0 {
		t.Errorf("a file of 100 MiB and 3 sectors has size %d, rest %d", d.Size(), d.Rest())
	}
}

func TestFileIdentity(t *testing.T) {
	path := kit.Disk(t, "disk", 1<<20)
	a := open(t, path, OpenOptions{})
	b := open(t, path, OpenOptions{})
	other := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{})
	if a.Fingerprint() == 0 || a.Fingerprint() != b.Fingerprint() {
		t.Errorf("the same file has fingerprints %#x and %#x", a.Fingerprint(), b.Fingerprint())
	}
	if a.Fingerprint() == other.Fingerprint() {
		t.Errorf("two files have one fingerprint, of %q and %q", a.Identity(), other.Identity())
	}
}

// A transfer goes on where it was interrupted, ends at the end, and says how
// far it came.
func TestTransferGoesOn(t *testing.T) {
	d, b := &Device{path: "/a"}, make([]byte, 2048)
	for name, c := range map[string]struct {
		calls []error // nil: so much more is done
		want  error
	}{
		"at once":         {[]error{nil, nil}, nil},
		"interrupted":     {[]error{unix.EINTR, nil, unix.EINTR, nil}, nil},
		"at the end":      {[]error{nil, io.EOF}, io.EOF},
		"at a bad sector": {[]error{nil, unix.EIO}, unix.EIO},
	} {
		n := 0
		got, err := d.transfer("read", b, 512, func(_ int, rest []byte, off int64) (int, error) {
			err := c.calls[n]
			n++
			if off-512+int64(len(rest)) != int64(len(b)) {
				t.Errorf("%s: %d bytes at %d", name, len(rest), off)
			}
			switch err {
			case nil:
				return 1024, nil
			case io.EOF:
				return 0, nil
			}
			return -1, err
		})
		if want := map[bool]int{true: 2048, false: 1024}[c.want == nil]; got != want || !errors.Is(err, c.want) || n != len(c.calls) {
			t.Errorf("%s: %d bytes, %v, after %d calls", name, got, err, n)
		}
	}
}
