package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ublk-lc/ublk-lc/tools/vm/wire"
)

// server holds the open streams. Only the goroutine that reads the port calls
// it, so its map needs no lock.
type server struct {
	out     *wire.Writer
	reaper  *reaper
	streams map[uint32]stream
}

// stream is a command or a file. Its methods must not block on anything but
// the file system, since they hold up all other streams.
type stream interface {
	input(data []byte)
	inputEnd()
	signal(n syscall.Signal)
}

func newServer(out *wire.Writer) *server {
	s := &server{out: out, reaper: newReaper(), streams: map[uint32]stream{}}
	go s.reaper.run()
	return s
}

// handle does what one frame asks for. Its error is one of the port.
func (s *server) handle(f wire.Frame) error {
	switch f.Kind {
	case wire.Exec:
		var c wire.Command
		if err := f.Decode(&c); err != nil {
			return err
		}
		return s.open(f.Stream, func() (stream, error) { return startProcess(s, f.Stream, c) })
	case wire.File:
		var t wire.Target
		if err := f.Decode(&t); err != nil {
			return err
		}
		return s.open(f.Stream, func() (stream, error) { return createFile(s, f.Stream, t) })
	}
	st, ok := s.streams[f.Stream]
	if !ok {
		return fmt.Errorf("frame of kind %d for unknown stream %d", f.Kind, f.Stream)
	}
	switch f.Kind {
	case wire.Input:
		st.input(f.Data)
	case wire.InputEnd:
		st.inputEnd()
	case wire.Signal:
		st.signal(syscall.Signal(f.Data[0]))
	default:
		return fmt.Errorf("frame of unknown kind %d", f.Kind)
	}
	return nil
}

// open starts a stream, or closes it at once with the reason. A stream that
// did not start stays in the map, as its input may be on the way already.
func (s *server) open(id uint32, start func() (stream, error)) error {
	st, err := start()
	if err != nil {
		s.streams[id] = nowhere{}
		return s.out.WriteJSON(id, wire.Exit, wire.Status{Code: 127, Error: err.Error()})
	}
	s.streams[id] = st
	return nil
}

// nowhere swallows what was sent to a stream that did not start.
type nowhere struct{}

func (nowhere) input([]byte)          {}
func (nowhere) inputEnd()             {}
func (nowhere) signal(syscall.Signal) {}

// incoming is a file on its way in.
type incoming struct {
	server *server
	id     uint32
	file   *os.File
	err    error // the first
}

func createFile(s *server, id uint32, t wire.Target) (stream, error) {
	if err := os.MkdirAll(filepath.Dir(t.Path), 0o755); err != nil {
		return nil, err
	}
	// Replacing a binary that still runs must not fail with ETXTBSY.
	if err := os.Remove(t.Path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	f, err := os.OpenFile(t.Path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, os.FileMode(t.Mode))
	if err != nil {
		return nil, err
	}
	return &incoming{server: s, id: id, file: f}, nil
}

func (f *incoming) input(data []byte) {
	if _, err := f.file.Write(data); f.err == nil {
		f.err = err
	}
}

func (f *incoming) inputEnd() {
	if err := f.file.Close(); f.err == nil {
		f.err = err
	}
	var st wire.Status
	if f.err != nil {
		st = wire.Status{Code: 1, Error: f.err.Error()}
	}
	// If the port is broken, the reading side finds out and ends the agent.
	_ = f.server.out.WriteJSON(f.id, wire.Exit, st)
}

func (*incoming) signal(syscall.Signal) {}
