package ublk

import (
	"fmt"
	"io"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"golang.org/x/sys/unix"
)

// Where the data of a tag lies in the character device: the queue's number from
// this bit on, the tag's below it.
const queueShift = uapi.UBLK_IO_BUF_BITS + uapi.UBLK_TAG_BITS

// Fetch copies the data of a write, from a byte of it on, into b. It goes with
// Config.UserCopy, and b is anywhere.
func (q *Queue) Fetch(r *Request, b []byte, from int) error {
	return q.move("fetch", unix.Pread, r, b, from)
}

// Fill copies b into the data of a read, from a byte of it on. It goes with
// Config.UserCopy, and b is anywhere.
func (q *Queue) Fill(r *Request, b []byte, from int) error {
	return q.move("fill", unix.Pwrite, r, b, from)
}

func (q *Queue) move(name string, call func(int, []byte, int64) (int, error), r *Request, b []byte, from int) error {
	at := uapi.UBLKSRV_IO_BUF_OFFSET + int64(q.id)<<queueShift + int64(r.Tag)<<uapi.UBLK_IO_BUF_BITS + int64(from)
	n, err := call(q.charFD, b, at)
	if err == nil && n < len(b) {
		err = io.ErrShortBuffer
	}
	if err != nil {
		return fmt.Errorf("ublk device %d: queue %d: %s %d bytes of tag %d from %d: %w", q.dev.id, q.id, name, len(b), r.Tag, from, err)
	}
	return nil
}
