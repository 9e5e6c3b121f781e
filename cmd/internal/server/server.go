package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/autopilot"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"golang.org/x/sys/unix"
)

// Server listens for commands.
type Server struct {
	m        *manager.Manager
	pilot    *autopilot.Autopilot
	started  time.Time
	listener *net.UnixListener
	lock     *os.File
	ended    chan struct{}
	endOnce  sync.Once
	clients  sync.WaitGroup
}

// New takes the run directory over and listens. It fails if another server runs.
func New(m *manager.Manager, pilot *autopilot.Autopilot) (*Server, error) {
	if err := prepareRunDir(control.RunDir()); err != nil {
		return nil, err
	}
	lock, err := lockRunDir(control.RunDir())
	if err != nil {
		return nil, err
	}
	l, err := listen(control.SocketPath())
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Server{m: m, pilot: pilot, started: time.Now(), listener: l, lock: lock, ended: make(chan struct{})}, nil
}

// listen makes the socket. One that is left from a server before us can go: we
// hold the lock.
func listen(path string) (*net.UnixListener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	old := unix.Umask(0o177)
	defer unix.Umask(old)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	return l, nil
}

// Serve answers commands until a shutdown has succeeded, or ctx ends.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-ctx.Done():
			s.end()
		case <-s.ended:
		}
	}()
	for {
		c, err := s.listener.AcceptUnix()
		if err != nil {
			cancel()
			s.clients.Wait()
			s.end()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept a command: %w", err)
		}
		s.clients.Go(func() { s.serve(ctx, c) })
	}
}

// end makes Serve return, and the place free for another server.
func (s *Server) end() {
	s.endOnce.Do(func() {
		s.listener.Close()
		s.lock.Close()
		close(s.ended)
	})
}
