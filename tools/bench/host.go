package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// host is a site on devices of the user's own.
type host struct {
	given []given
	tmp   string
	bin   string // folder of the programs
}

func openHost(ctx context.Context, o options) (*host, error) {
	list, err := inspect(o.on, o.cacheMB)
	if err == nil {
		err = permit(list, o)
	}
	if err != nil {
		return nil, err
	}
	h := &host{given: list}
	if h.tmp, err = os.MkdirTemp("", "lcbench"); err != nil {
		return nil, err
	}
	if err := h.programs(ctx, o); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// programs brings lc, ublkdemo and the reference server, as far as a system
// needs them, into one folder.
func (h *host) programs(ctx context.Context, o options) error {
	h.bin = filepath.Join(h.tmp, "bin")
	if err := os.Mkdir(h.bin, 0o755); err != nil {
		return err
	}
	for _, s := range o.systems {
		var err error
		switch s.program {
		case "lc":
			if err = h.bring(o.lc, "lc"); err != nil {
				err = fmt.Errorf("%w: build it with `make build`, or name it with -lc", err)
			}
		case "ublkdemo":
			err = h.demo(ctx)
		case cserver:
			err = errors.Join(h.bring(o.cserver, cserver), h.demo(ctx))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bring makes a program of the user's known under a name.
func (h *host) bring(path, name string) error {
	abs, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(abs)
	}
	if err != nil {
		return err
	}
	return link(abs, filepath.Join(h.bin, name))
}

func (h *host) demo(ctx context.Context) error {
	demo, remove, err := buildDemo(ctx)
	if err != nil {
		return err
	}
	defer remove()
	return os.Rename(demo, filepath.Join(h.bin, "ublkdemo"))
}

func link(from, to string) error {
	if err := os.Symlink(from, to); !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func (h *host) env() []string {
	env := append(os.Environ(), "tmp="+h.tmp, "LC_RUN_DIR="+runDir, "LC_STATE_DIR="+h.tmp+"/state", "PATH="+h.bin+":"+os.Getenv("PATH"), "ssd="+h.given[0].path)
	if len(h.given) > 1 {
		env = append(env, "hdd="+h.given[1].path)
	}
	return env
}

func (h *host) script(ctx context.Context, text string) (string, error) {
	cmd := exec.CommandContext(ctx, "bash", "-euc", text)
	cmd.Env = h.env()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A session of its own, so that an interrupt ends the work and then lets
	// the system be taken down. A server in the background keeps our pipes.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), err
}

func (h *host) put(_ context.Context, name string, content []byte) (string, error) {
	p := filepath.Join(h.tmp, name)
	return p, os.WriteFile(p, content, 0o644)
}

func (h *host) written(disk string) (uint64, error) {
	i := 0
	if disk == "hdd" {
		i = 1
	}
	if i >= len(h.given) {
		return 0, nil
	}
	return h.given[i].written()
}

func (h *host) third() bool { return false }

// again cannot be: the host is somebody's.
func (h *host) again(context.Context) error {
	return errors.New("what a system left on this host is for its administrator to take down")
}

func (h *host) whole() int64 { return h.given[0].size }

func (h *host) about() []string {
	list := []string{"devices of this host; CPU seconds are those of all that ran on it"}
	for i, g := range h.given {
		list = append(list, []string{"SSD: ", "disk: "}[i]+g.String())
	}
	return list
}

func (h *host) close() error { return os.RemoveAll(h.tmp) }
