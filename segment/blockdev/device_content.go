package blockdev

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// OwnCache is what [Device.Content] calls a cache of ours.
const OwnCache = "ublk-lc cache"

// CheckEmpty returns an [ErrHasContent] that says what a device holds. A device
// without any known signature passes, even if it is not blank.
func (d *Device) CheckEmpty() error {
	what, err := d.Content()
	if err != nil {
		return err
	}
	if what != "" {
		return fmt.Errorf("%s: %w: %s", d.path, ErrHasContent, what)
	}
	return nil
}

// Content names what a device holds by its most telling signature: [OwnCache],
// "ext4", "GPT partition table"; "" if it shows none.
func (d *Device) Content() (string, error) {
	all, err := d.Contents()
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// Contents names all that a device shows signatures of, the most telling one
// first. On a cache of ours that an earlier version made, those of what was
// there before it may have stayed.
func (d *Device) Contents() ([]string, error) {
	b, err := mem.Alloc(probeWindow)
	if err != nil {
		return nil, err
	}
	defer mem.Free(b)
	p := prober{dev: d, size: int64(d.Size()), buf: b}
	return p.probe()
}

const (
	// probeWindow is how much is read at once, in bytes. No signature crosses a
	// multiple of it.
	probeWindow = 256 << 10
	// ownSecondCopy is where the second copy of our superblock lies.
	ownSecondCopy = 512 << 10
)

// prober looks for signatures through a window of aligned memory.
type prober struct {
	dev  io.ReaderAt
	size int64
	buf  []byte
}

// probe looks at the start, where nearly all signatures are, then at our second
// copy, and then at the end.
func (p *prober) probe() ([]string, error) {
	var all []string
	for _, step := range []struct {
		at   int64
		look func(window) []string
	}{
		{0, lookAtStart},
		{ownSecondCopy, lookAtSecondCopy},
		{max(0, p.size-probeWindow) &^ (largestBlock - 1), func(w window) []string { return lookAtEnd(w, p.size) }},
	} {
		if step.at >= p.size {
			continue
		}
		w, err := p.read(step.at)
		if err != nil {
			return nil, err
		}
		for _, what := range step.look(w) {
			switch {
			case slices.Contains(all, what):
			case what == OwnCache: // also when only its second copy is left
				all = slices.Insert(all, 0, what)
			default:
				all = append(all, what)
			}
		}
	}
	return all, nil
}

func (p *prober) read(at int64) (window, error) {
	n, err := p.dev.ReadAt(p.buf[:min(probeWindow, (p.size-at)&^(smallestBlock-1))], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return window{}, fmt.Errorf("look for a signature: %w", err)
	}
	return window{p.buf[:n], at}, nil
}

// window is a piece of a device.
type window struct {
	b  []byte
	at int64 // where on the device it starts
}

// bytes are n bytes at an offset of the device, or nil if they are not all in
// the window.
func (w window) bytes(off int64, n int) []byte {
	off -= w.at
	if off < 0 || off+int64(n) > int64(len(w.b)) {
		return nil
	}
	return w.b[off : off+int64(n)]
}

func (w window) has(off int64, magic string) bool {
	return bytes.Equal(w.bytes(off, len(magic)), []byte(magic))
}
