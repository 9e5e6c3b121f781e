package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm/wire"
)

// lastWords is how long after a command's exit its output may still arrive
// before the exit is reported. A command that left a background child with its
// pipes must not hang; one that did not reaches the end of file at once.
const lastWords = 300 * time.Millisecond

// process is one command. It leads a session of its own, so that a signal
// reaches all of its children too.
type process struct {
	server *server
	id     uint32
	pid    int

	mu    sync.Mutex // protects all below
	wake  *sync.Cond
	queue [][]byte // standard input not yet taken
	ended bool     // no more input comes
}

func startProcess(s *server, id uint32, c wire.Command) (stream, error) {
	if len(c.Args) == 0 {
		return nil, fmt.Errorf("no command")
	}
	path, err := exec.LookPath(c.Args[0])
	if err != nil {
		return nil, err
	}
	p := &process{server: s, id: id}
	p.wake = sync.NewCond(&p.mu)
	var theirs, ours [3]*os.File
	for i := range theirs {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		theirs[i], ours[i] = w, r
		if i == 0 {
			theirs[i], ours[i] = r, w
		}
		defer theirs[i].Close()
	}
	attr := &os.ProcAttr{Dir: c.Dir, Env: append(os.Environ(), c.Env...), Files: theirs[:], Sys: &syscall.SysProcAttr{Setsid: true}}
	pid, exited, err := s.reaper.start(path, c.Args, attr)
	if err != nil {
		for _, f := range ours {
			_ = f.Close()
		}
		return nil, err
	}
	p.pid = pid
	go p.feed(ours[0])
	go p.attend(exited, p.drain(ours[1], wire.Stdout), p.drain(ours[2], wire.Stderr))
	return p, nil
}

// drain sends a pipe's content to the host; the channel is closed at its end.
func (p *process) drain(pipe *os.File, kind wire.Kind) <-chan struct{} {
	end := make(chan struct{})
	go func() {
		defer close(end)
		defer pipe.Close()
		// If the port is broken, the reading side finds out.
		_ = p.server.out.Copy(p.id, kind, pipe)
	}()
	return end
}

// attend reports the exit.
func (p *process) attend(exited <-chan syscall.WaitStatus, ends ...<-chan struct{}) {
	ws := <-exited
	p.inputEnd()
	late, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	for _, end := range ends {
		select {
		case <-end:
		case <-late.Done():
		}
	}
	code := ws.ExitStatus()
	if ws.Signaled() {
		code = 128 + int(ws.Signal())
	}
	_ = p.server.out.WriteJSON(p.id, wire.Exit, wire.Status{Code: code})
}

// feed writes the queued input to the command.
func (p *process) feed(pipe *os.File) {
	defer pipe.Close()
	for {
		p.mu.Lock()
		for len(p.queue) == 0 && !p.ended {
			p.wake.Wait()
		}
		batch := p.queue
		p.queue = nil
		p.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, data := range batch {
			// A command that does not read its input is its own affair.
			if _, err := pipe.Write(data); err != nil {
				return
			}
		}
	}
}

func (p *process) input(data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, data)
	p.wake.Signal()
}

func (p *process) inputEnd() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.wake.Signal()
}

func (p *process) signal(n syscall.Signal) {
	// ESRCH: it has ended by itself.
	_ = syscall.Kill(-p.pid, n)
}
