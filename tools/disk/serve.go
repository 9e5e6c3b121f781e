package disk

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
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

// ServeConn serves one NBD client, over a socket, until it leaves or the power
// goes.
func (d *Disk) ServeConn(c net.Conn) error {
	defer c.Close()
	if !d.enter(c) {
		return errPower
	}
	defer d.leave(c)
	if err := negotiate(c, d.config.Size); err != nil {
		if errors.Is(err, errAborted) {
			return nil
		}
		return err
	}
	fd, err := socket(c)
	if err != nil {
		return err
	}
	s := newSession(fd)
	if !d.join(c, s) {
		return errors.Join(errPower, unix.Close(fd))
	}
	return <-s.ended
}

var errPower = errors.New("disk: power is off")

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

// join gives a client to the disk's thread, and its socket with it. What is
// left of the connection would only wake Go's poller at each request.
func (d *Disk) join(c net.Conn, s *session) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return false
	}
	delete(d.conns, c)
	_ = c.Close()
	d.sessions = append(d.sessions, s)
	d.alarm.ring()
	return true
}

func (d *Disk) leave(c net.Conn) {
	d.mu.Lock()
	delete(d.conns, c)
	d.mu.Unlock()
	d.serving.Done()
}

// socket returns a descriptor of its own for a connection. It does not block.
func socket(c net.Conn) (fd int, err error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("disk: a connection of type %T is no socket", c)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("disk: socket: %w", err)
	}
	var dupErr error
	err = raw.Control(func(old uintptr) { fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, dupErr); err != nil {
		return 0, fmt.Errorf("disk: socket: %w", err)
	}
	return fd, nil
}
