package main

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// reaper collects all children, those that were started here and the orphans
// that process 1 inherits. os/exec cannot be used beside it: both would wait
// for the same process and one would miss its status.
type reaper struct {
	mu      sync.Mutex // also held from fork to registration, so no exit is missed
	started *sync.Cond // signalled when there may be children again
	waiters map[int]chan syscall.WaitStatus
}

func newReaper() *reaper {
	r := &reaper{waiters: map[int]chan syscall.WaitStatus{}}
	r.started = sync.NewCond(&r.mu)
	return r
}

// start forks a command; its status arrives on the channel.
func (r *reaper) start(path string, args []string, attr *os.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	files := make([]uintptr, len(attr.Files))
	for i, f := range attr.Files {
		files[i] = f.Fd()
	}
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{Dir: attr.Dir, Env: attr.Env, Files: files, Sys: attr.Sys})
	if err != nil {
		return 0, nil, &os.PathError{Op: "start", Path: path, Err: err}
	}
	exited := make(chan syscall.WaitStatus, 1)
	r.waiters[pid] = exited
	r.started.Signal()
	return pid, exited, nil
}

func (r *reaper) run() {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, syscall.ECHILD):
			r.idle()
		case err == nil:
			r.deliver(pid, ws)
		}
	}
}

// idle waits until a command is started.
func (r *reaper) idle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiters) == 0 {
		r.started.Wait()
	}
}

func (r *reaper) deliver(pid int, ws syscall.WaitStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.waiters[pid]; ok {
		delete(r.waiters, pid)
		c <- ws
	}
}
