package inspect

import (
	"fmt"
	"io"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

const (
	// window is how much is read at once, in bytes.
	window = 1 << 20
	// grain is what direct I/O wants offsets, lengths and memory aligned to on any
	// device; most take less.
	grain = 4096
)

// Unreadable is a piece of the cache device that gave an error.
type Unreadable struct {
	Offset int64 // bytes
	Length int64
	Err    error
}

func (u *Unreadable) String() string {
	return fmt.Sprintf("bytes %d-%d: %v", u.Offset, u.Offset+u.Length-1, u.Err)
}

// reader reads any bytes from a device that only gives whole blocks, into
// memory of any alignment. What cannot be read is 0, and is noted: a checksum
// fails over it, and the survey goes on.
type reader struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	bad  []Unreadable
}

func newReader(r io.ReaderAt, size int64) (*reader, error) {
	buf, err := mem.Alloc(window)
	if err != nil {
		return nil, err
	}
	return &reader{r: r, size: size, buf: buf}, nil
}

func (r *reader) close() error {
	buf := r.buf
	r.buf = nil
	return mem.Free(buf)
}

// ReadAt is an [io.ReaderAt] whose only error is io.EOF.
func (r *reader) ReadAt(b []byte, off int64) (int, error) {
	done := 0
	for done < len(b) {
		at := off + int64(done)
		if at >= r.size {
			return done, io.EOF
		}
		start := at &^ (grain - 1)
		end := min((off+int64(len(b))+grain-1)&^(grain-1), start+window, r.size)
		r.fill(r.buf[:end-start], start)
		done += copy(b[done:], r.buf[at-start:end-start])
	}
	return done, nil
}

// fill reads aligned bytes, and where that fails piece by piece: a bad sector must
// not take its neighbours along.
func (r *reader) fill(b []byte, off int64) {
	if r.whole(b, off) == nil {
		return
	}
	for i := 0; i < len(b); i += grain {
		piece := b[i:min(i+grain, len(b))]
		err := r.whole(piece, off+int64(i))
		for j := 0; err != nil && j < len(piece); j += segment.SectorSize {
			sector := piece[j:min(j+segment.SectorSize, len(piece))]
			if r.whole(sector, off+int64(i+j)) != nil {
				clear(sector)
				r.note(off+int64(i+j), int64(len(sector)), err)
			}
		}
	}
}

func (r *reader) whole(b []byte, off int64) error {
	n, err := r.r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	return err
}

func (r *reader) note(off, length int64, err error) {
	for i := range r.bad {
		u := &r.bad[i]
		if off >= u.Offset && off+length <= u.Offset+u.Length {
			return
		}
		if off == u.Offset+u.Length {
			u.Length += length
			return
		}
	}
	r.bad = append(r.bad, Unreadable{off, length, err})
}

// failed is the error of a piece that could not be read, or nil.
func (r *reader) failed(off, length int64) error {
	for i := range r.bad {
		u := &r.bad[i]
		if off < u.Offset+u.Length && u.Offset < off+length {
			return fmt.Errorf("it cannot be read: %w", u.Err)
		}
	}
	return nil
}

// strict is a reader that fails where it could not read, as a device does that a
// resume reads from.
type strict struct{ *reader }

func (r strict) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.reader.ReadAt(b, off)
	if err == nil {
		if bad := r.failed(off, int64(len(b))); bad != nil {
			return 0, badSector{bad}
		}
	}
	return n, err
}

// badSector is the error of a sector, whatever the device said.
type badSector struct{ error }

func (badSector) Is(target error) bool { return target == unix.EIO }
