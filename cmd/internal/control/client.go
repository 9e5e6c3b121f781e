package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// RunDir is where the server keeps its socket, lock and log. LC_RUN_DIR moves
// it, for tests.
func RunDir() string {
	if dir := os.Getenv("LC_RUN_DIR"); dir != "" {
		return dir
	}
	return "/run/lc"
}

// SocketPath is the server's socket.
func SocketPath() string { return filepath.Join(RunDir(), "lc.sock") }

// ErrNoServer is the cause of a failed dial when no server runs.
var ErrNoServer = errors.New("no server runs")

// Dial connects to the server.
func Dial() (net.Conn, error) {
	c, err := net.DialTimeout("unix", SocketPath(), 5*time.Second)
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOTDIR):
		return nil, Errorf(NoServer, "%s: %w", SocketPath(), ErrNoServer)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return nil, Errorf(NotPermitted, "%s: only root may talk to the server", SocketPath())
	}
	return nil, Errorf(NoServer, "the server cannot be reached: %w", err)
}

// Call sends a request and waits for its result. When ctx ends the request is
// taken back, and the server says how that went.
func Call(ctx context.Context, conn net.Conn, verb string, args, result any, progress func(Progress)) error {
	defer conn.Close()
	if err := send(conn, verb, args); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	})
	defer stop()
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return Errorf(NoServer, "the server ended before it answered: %w; see %s", err, filepath.Join(RunDir(), "lc.log"))
		}
		var r Response
		if err := json.Unmarshal(line, &r); err != nil {
			return Errorf(NoServer, "the server's answer cannot be understood: %w", err)
		}
		switch {
		case r.Error != nil:
			return r.Error
		case r.Progress != nil:
			if progress != nil {
				progress(*r.Progress)
			}
		case result == nil:
			return nil
		default:
			if err := json.Unmarshal(r.Result, result); err != nil {
				return Errorf(NoServer, "the server's answer cannot be understood: %w", err)
			}
			return nil
		}
	}
}

func send(conn net.Conn, verb string, args any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	line, err := json.Marshal(Request{Verb: verb, Args: raw})
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return Errorf(NoServer, "send the request to the server: %w", err)
	}
	return nil
}
