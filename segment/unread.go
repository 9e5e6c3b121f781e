package segment

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
)

// Unread is a place of the cache device that could not be read, and that a
// recovery could do without.
type Unread struct {
	Offset int64 // bytes
	Length int64
	Err    error
}

func (u *Unread) Error() string {
	return fmt.Sprintf("bytes %d-%d cannot be read: %v", u.Offset, u.Offset+u.Length-1, u.Err)
}

// Unwrap is what the device said.
func (u *Unread) Unwrap() error { return u.Err }

// badSector tells whether an error says of a sector that it cannot be read. Any
// other says that the device is gone, or that it was asked wrongly.
func badSector(err error) bool {
	for _, e := range []syscall.Errno{syscall.EIO, syscall.ENODATA, syscall.EREMOTEIO, syscall.EILSEQ} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// missing takes in that a read has failed. If that is of its place only, there is
// no record, which bad says; err is any other error.
func (h *headers) missing(b []byte, off int64, err error) (bad, _ error) {
	if !badSector(err) {
		return nil, fmt.Errorf("read the log at byte %d: %w", off, err)
	}
	u := Unread{off, int64(len(b)), err}
	h.unread = append(h.unread, u)
	return &u, nil
}

// unreadAt is a place between two offsets that could not be read, or nil.
func (h *headers) unreadAt(from, to int64) *Unread { return within(h.unread, from, to) }

func within(list []Unread, from, to int64) *Unread {
	for i := range list {
		if u := &list[i]; u.Offset < to && from < u.Offset+u.Length {
			return u
		}
	}
	return nil
}

// ReadAround reads what can be read of b, block by block where need be, and
// returns what cannot; that is 0. An error is not of a place, but of the device.
func ReadAround(r io.ReaderAt, b []byte, off int64, block int) ([]Unread, error) {
	_, err := r.ReadAt(b, off)
	switch {
	case err == nil:
		return nil, nil
	case !badSector(err):
		return nil, fmt.Errorf("read the log at byte %d: %w", off, err)
	case len(b) <= block:
		clear(b)
		return []Unread{{off, int64(len(b)), err}}, nil
	}
	half := len(b) / 2 / block * block
	first, err := ReadAround(r, b[:half], off, block)
	if err != nil {
		return nil, err
	}
	second, err := ReadAround(r, b[half:], off+int64(half), block)
	return append(first, second...), err
}

// steady reads once more what could not be read. If that succeeds, what was
// concluded from the failure is void. Some places were tried more than once; one
// of each stays.
func (h *headers) steady() error {
	slices.SortFunc(h.unread, func(a, b Unread) int { return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length)) })
	h.unread = slices.CompactFunc(h.unread, func(next, last Unread) bool { return next.Offset < last.Offset+last.Length })
	for i := range h.unread {
		u := &h.unread[i]
		if _, err := h.r.ReadAt(aligned(int(u.Length)), u.Offset); err == nil {
			return fmt.Errorf("the cache device is not steady: %w; a moment later they could be; try again", u)
		}
	}
	return nil
}
