package segment

import (
	"cmp"
	"errors"
	"fmt"
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
func (h *headers) unreadAt(from, to int64) *Unread {
	for i := range h.unread {
		if u := &h.unread[i]; u.Offset < to && from < u.Offset+u.Length {
			return u
		}
	}
	return nil
}

// readAround reads what can be read of b, block by block where need be; the rest
// is 0.
func (h *headers) readAround(b []byte, off int64) error {
	_, err := h.r.ReadAt(b, off)
	switch block := int(h.g.BlockSize); {
	case err == nil:
		return nil
	case len(b) > block:
		half := len(b) / 2 / block * block
		if err := h.readAround(b[:half], off); err != nil {
			return err
		}
		return h.readAround(b[half:], off+int64(half))
	}
	clear(b)
	_, err = h.missing(b, off, err)
	return err
}

// steady reads once more what could not be read. If that succeeds, what was
// concluded from the failure is void. Some places were tried more than once; one
// of each stays.
func (h *headers) steady() error {
	slices.SortFunc(h.unread, func(a, b Unread) int { return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length)) })
	h.unread = slices.CompactFunc(h.unread, func(a, b Unread) bool { return b.Offset < a.Offset+a.Length })
	for i := range h.unread {
		u := &h.unread[i]
		if _, err := h.r.ReadAt(aligned(int(u.Length)), u.Offset); err == nil {
			return fmt.Errorf("the cache device is not steady: %w; a moment later they could be; try again", u)
		}
	}
	return nil
}
