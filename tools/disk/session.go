package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sys/unix"
)

// Numbers of the NBD protocol: transmission phase, simple replies.
const (
	nbdRequestMagic = 0x25609513
	nbdReplyMagic   = 0x67446698

	nbdCmdRead  = 0
	nbdCmdWrite = 1
	nbdCmdDisc  = 2
	nbdCmdFlush = 3

	nbdCmdFlagFUA = 1 << 0

	nbdEIO    = 5
	nbdEINVAL = 22

	requestHeader = 28
)

// inputSize is the room for what a client sends ahead.
const inputSize = 256 << 10

// session is one client after its handshake. All but over, and the descriptor,
// which others may shut down while they hold the disk's lock, belongs to the
// disk's thread.
type session struct {
	fd    int
	over  error // why it is to end; protected by the disk's lock
	ended chan error

	room  []byte // what was received and not looked at: have bytes
	have  int
	write *request // whose data is still coming, got bytes of it
	got   int
	out   []byte // answers, of which so many bytes are sent
	sent  int
}

func newSession(fd int) *session {
	return &session{fd: fd, room: make([]byte, inputSize), ended: make(chan error, 1)}
}

// end closes a session that is over. What is still on its way is answered to
// nobody.
func (s *session) end() {
	err := s.over
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s.ended <- errors.Join(err, unix.Close(s.fd))
}

// receive takes in what the client has sent, and submits what is complete.
// io.EOF means that the client left.
func (s *session) receive(d *Disk) error {
	into := s.room[s.have:]
	if s.write != nil {
		into = s.write.data[s.got:]
	}
	n, err := unix.Read(s.fd, into)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("disk: socket: %w", err)
	case n == 0:
		return io.EOF
	case s.write != nil:
		s.fill(d, n)
		return nil
	}
	s.have += n
	return s.parse(d)
}

// parse submits the requests in what was received.
func (s *session) parse(d *Disk) error {
	in := s.room[:s.have]
	for s.write == nil && len(in) >= requestHeader {
		r, err := s.header(d, in)
		if err != nil {
			return err
		}
		in = in[requestHeader:]
		if r.op != opWrite {
			s.accept(d, r)
			continue
		}
		n := copy(r.data, in)
		in = in[n:]
		s.write, s.got = r, 0
		s.fill(d, n)
	}
	s.have = copy(s.room, in)
	return nil
}

// fill counts data of the write that has come.
func (s *session) fill(d *Disk, n int) {
	if s.got += n; s.got == len(s.write.data) {
		r := s.write
		s.write = nil
		s.accept(d, r)
	}
}

// header makes a request of its header, with room for a write's data.
func (s *session) header(d *Disk, h []byte) (*request, error) {
	be := binary.BigEndian
	if magic := be.Uint32(h); magic != nbdRequestMagic {
		return nil, fmt.Errorf("disk: request magic %#x", magic)
	}
	length := be.Uint32(h[24:])
	if length > maxRequest {
		return nil, fmt.Errorf("disk: request of %d bytes", length)
	}
	r := d.spares.request()
	r.from, r.cookie = s, be.Uint64(h[8:])
	r.fua = be.Uint16(h[4:])&nbdCmdFlagFUA != 0
	r.off, r.length = int64(be.Uint64(h[16:])), int(length)
	switch be.Uint16(h[6:]) {
	case nbdCmdRead:
		r.op = opRead
	case nbdCmdWrite:
		r.op = opWrite
		r.data = d.spares.buffer(r.length)
	case nbdCmdFlush:
		r.op, r.off, r.length = opFlush, 0, 0
	case nbdCmdDisc:
		return nil, io.EOF
	}
	return r, nil
}

// accept refuses what does not fit the disk, and submits the rest.
func (s *session) accept(d *Disk, r *request) {
	size := d.config.Size
	aligned := r.off%SectorSize == 0 && r.length%SectorSize == 0
	if r.op == 0 || !aligned || r.off < 0 || r.off > size || int64(r.length) > size-r.off {
		s.answer(r.cookie, nbdEINVAL, 0)
		d.spares.keep(r)
		return
	}
	d.submit(r)
}

// answer appends a reply with n bytes of data, which it returns to be filled.
func (s *session) answer(cookie uint64, code uint32, n int) []byte {
	be := binary.BigEndian
	s.out = be.AppendUint32(s.out, nbdReplyMagic)
	s.out = be.AppendUint32(s.out, code)
	s.out = be.AppendUint64(s.out, cookie)
	from := len(s.out)
	s.out = slices.Grow(s.out, n)[:from+n]
	return s.out[from:]
}

// read answers with what reads to a buffer, or with its failure.
func (s *session) read(cookie uint64, n int, reads func(p []byte) error) {
	from := len(s.out)
	if err := reads(s.answer(cookie, 0, n)); err != nil {
		s.out = s.out[:from]
		s.answer(cookie, nbdEIO, 0)
	}
}

// reply sends what the socket takes. If the client is gone, receive learns it too.
func (s *session) reply() {
	for s.sent < len(s.out) {
		n, err := unix.Write(s.fd, s.out[s.sent:])
		if errors.Is(err, unix.EAGAIN) {
			return
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			break
		}
		s.sent += max(n, 0)
	}
	s.out, s.sent = s.out[:0], 0
}
