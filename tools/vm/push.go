package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/ublk-lc/ublk-lc/tools/vm/wire"
)

// PushFile copies a file, or a folder with all below it, into the guest. Modes
// are kept, missing folders made, files that exist replaced.
func (m *Machine) PushFile(ctx context.Context, guestPath, hostPath string) error {
	g, err := m.on()
	if err != nil {
		return err
	}
	return g.push(ctx, guestPath, hostPath)
}

// Push writes a file in the guest.
func (m *Machine) Push(ctx context.Context, guestPath string, mode os.FileMode, r io.Reader) error {
	g, err := m.on()
	if err != nil {
		return err
	}
	return g.pushReader(ctx, guestPath, mode, r)
}

func (g *guest) push(ctx context.Context, to, from string) error {
	return filepath.WalkDir(from, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("vm: push: %w", err)
		}
		info, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("vm: push: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return fmt.Errorf("vm: push: %w", err)
		}
		return g.pushOne(ctx, path.Join(to, filepath.ToSlash(rel)), p, info.Mode())
	})
}

func (g *guest) pushOne(ctx context.Context, to, from string, mode os.FileMode) error {
	f, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("vm: push: %w", err)
	}
	defer f.Close()
	return g.pushReader(ctx, to, mode, f)
}

func (g *guest) pushReader(ctx context.Context, to string, mode os.FileMode, r io.Reader) error {
	p := &Process{guest: g, name: "push " + to, done: make(chan struct{})}
	g.open(p)
	if err := g.out.WriteJSON(p.stream, wire.File, wire.Target{Path: to, Mode: uint32(mode.Perm())}); err != nil {
		return g.failure(p.name, err)
	}
	sent := make(chan error, 1)
	go func() {
		err := g.out.Copy(p.stream, wire.Input, r)
		// The agent answers to the end, whatever came before it.
		sent <- errors.Join(err, g.out.Write(p.stream, wire.InputEnd, nil))
	}()
	if _, err := p.Wait(ctx); err != nil {
		return err
	}
	return <-sent
}
