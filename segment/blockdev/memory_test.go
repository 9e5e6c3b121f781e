package blockdev

import (
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// Where there is no memory to look at a disk with, it is said; where something has
// to be assumed, it is what is right for any disk.
func TestNoPages(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{ReadOnly: true})
	for name, f := range map[string]func() error{
		"contents":       func() error { _, err := d.Contents(); return err },
		"what it is for": func() error { _, _, err := d.MadeFor(); return err },
		"its start":      func() error { _, err := d.ForeignStart(); return err },
	} {
		var err error
		kit.LimitSpace(t, 0, func() { err = f() })
		if !errors.Is(err, unix.ENOMEM) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fd, err := unix.MemfdCreate("disk", unix.MFD_CLOEXEC) // of which no kernel says how it is aligned
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	align, async := uint32(0), false
	kit.LimitSpace(t, 0, func() { align, async = directAlignment(fd), d.readsAsync() })
	if align != largestBlock || !async {
		t.Errorf("alignment %d, asynchronous %v", align, async)
	}
}

// Zeroes that nobody has cannot be written: the operation fails.
func TestNoPagesOfZeroes(t *testing.T) {
	defer func(was func() ([]byte, error)) { zeroPages = was }(zeroPages)
	zeroPages = func() ([]byte, error) { return nil, unix.ENOMEM }
	s := &slot{op: &block.Op{Kind: block.Zero, Length: 4096}, tried: writeOut}
	if n := len(s.zeroes()); n > 0 || s.zeroOn(int32(n)) || !errors.Is(s.zeroError(), io.ErrUnexpectedEOF) {
		t.Errorf("%d zeroes, %v", n, s.zeroError())
	}
}
