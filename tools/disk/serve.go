package disk

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
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

// Serve accepts connections until the listener is closed.
func (d *Disk) Serve(l net.Listener) error {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("disk: accept: %w", err)
		}
		go func() {
			// The client sees its connection end, and that is all it
			// should learn of a disk that broke.
			_ = d.ServeConn(c)
		}()
	}
}

// ServeConn serves one NBD client until it leaves or the power goes.
func (d *Disk) ServeConn(c net.Conn) error {
	defer c.Close()
	if !d.enter(c) {
		return fmt.Errorf("disk: power is off")
	}
	defer d.leave(c)
	if err := negotiate(c, d.config.Size); err != nil {
		if errors.Is(err, errAborted) {
			return nil
		}
		return err
	}
	s := &session{disk: d, conn: c, in: bufio.NewReaderSize(c, 256<<10)}
	for {
		if err := s.one(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (d *Disk) enter(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return false
	}
	d.conns[c] = struct{}{}
	d.serving.Add(1)
	return true
}

func (d *Disk) leave(c net.Conn) {
	d.mu.Lock()
	delete(d.conns, c)
	d.mu.Unlock()
	d.serving.Done()
}

// session is one client after its handshake.
type session struct {
	disk *Disk
	conn net.Conn
	in   *bufio.Reader

	reply sync.Mutex // held while a reply is written
}

// one reads a request and submits it. io.EOF means that the client left.
func (s *session) one() error {
	var h [requestHeader]byte
	if _, err := io.ReadFull(s.in, h[:]); err != nil {
		return err
	}
	be := binary.BigEndian
	if magic := be.Uint32(h[:]); magic != nbdRequestMagic {
		return fmt.Errorf("disk: request magic %#x", magic)
	}
	flags, cmd, cookie := be.Uint16(h[4:]), be.Uint16(h[6:]), be.Uint64(h[8:])
	off, length := be.Uint64(h[16:]), be.Uint32(h[24:])
	r := &request{off: int64(off), length: int(length), fua: flags&nbdCmdFlagFUA != 0}
	r.done = func(r *request) { s.answer(r, cookie) }
	switch cmd {
	case nbdCmdRead:
		r.op = opRead
	case nbdCmdWrite:
		r.op = opWrite
	case nbdCmdFlush:
		r.op, r.length = opFlush, 0
	case nbdCmdDisc:
		return io.EOF
	default:
		s.send(cookie, nbdEINVAL, nil)
		return nil
	}
	return s.accept(r, off, cookie)
}

// accept reads a write's payload, refuses what does not fit the disk, and
// submits the rest.
func (s *session) accept(r *request, off, cookie uint64) error {
	if r.length > maxRequest {
		return fmt.Errorf("disk: request of %d bytes", r.length)
	}
	if r.op == opWrite {
		r.data = make([]byte, r.length)
		if _, err := io.ReadFull(s.in, r.data); err != nil {
			return fmt.Errorf("disk: payload: %w", err)
		}
	}
	size := uint64(s.disk.config.Size)
	aligned := off%SectorSize == 0 && r.length%SectorSize == 0
	if r.op != opFlush && (!aligned || off > size || uint64(r.length) > size-off) {
		s.send(cookie, nbdEINVAL, nil)
		return nil
	}
	s.disk.submit(r)
	return nil
}

func (s *session) answer(r *request, cookie uint64) {
	switch {
	case r.err != nil:
		s.send(cookie, nbdEIO, nil)
	case r.op != opRead:
		s.send(cookie, 0, nil)
	case r.length < longReply:
		s.send(cookie, 0, r.data)
	default:
		go s.send(cookie, 0, r.data)
	}
}

// longReply is what may fill the socket's buffer. The ticker must not wait for
// the client to empty it: its other requests would be late.
const longReply = 16 << 10

// send writes one reply. If the client is gone, the reader learns it too.
func (s *session) send(cookie uint64, code uint32, data []byte) {
	be := binary.BigEndian
	h := be.AppendUint32(make([]byte, 0, 16), nbdReplyMagic)
	h = be.AppendUint32(h, code)
	h = be.AppendUint64(h, cookie)
	s.reply.Lock()
	defer s.reply.Unlock()
	bufs := net.Buffers{h}
	if len(data) > 0 {
		bufs = append(bufs, data)
	}
	_, _ = bufs.WriteTo(s.conn)
}
