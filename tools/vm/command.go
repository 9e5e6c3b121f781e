package vm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm/wire"
)

// Command is what Run and Start run: either Args, or Script under bash -eu.
type Command struct {
	Args   []string
	Script string
	Env    []string // NAME=value, added to the guest's
	Dir    string   // "" means /

	Stdin          io.Reader // nil means an empty input
	Stdout, Stderr io.Writer // written as output arrives; a slow one slows the guest; nil discards
}

func (c Command) args() ([]string, error) {
	switch {
	case c.Script != "" && len(c.Args) > 0:
		return nil, fmt.Errorf("vm: a command with both arguments and a script")
	case c.Script != "":
		return []string{"bash", "-euc", c.Script}, nil
	case len(c.Args) > 0:
		return c.Args, nil
	}
	return nil, fmt.Errorf("vm: an empty command")
}

// String names the command in errors.
func (c Command) String() string {
	s := c.Script
	if s == "" {
		s = strings.Join(c.Args, " ")
	}
	if line, _, more := strings.Cut(strings.TrimSpace(s), "\n"); more {
		s = line + " …"
	}
	return s
}

// Process is a command that was started.
type Process struct {
	guest          *guest
	stream         uint32
	name           string
	stdout, stderr io.Writer

	done   chan struct{} // closed at the exit
	status wire.Status   // valid when done is closed
}

// Run runs a command to its end and returns its exit status, which is 128 + n
// if signal n ended it. The error tells why there is no exit status: the
// command does not exist, the guest died, or the context ended, which kills
// the command.
func (m *Machine) Run(ctx context.Context, c Command) (int, error) {
	g, err := m.on()
	if err != nil {
		return -1, err
	}
	return g.run(ctx, c)
}

// Start starts a command and returns. It ends by itself, by Signal, or with
// the guest.
func (m *Machine) Start(c Command) (*Process, error) {
	g, err := m.on()
	if err != nil {
		return nil, err
	}
	return g.start(c)
}

// Output runs a script that must succeed and returns its standard output. The
// error of one that does not has its standard error.
func (m *Machine) Output(ctx context.Context, script string) (string, error) {
	var stdout, stderr bytes.Buffer
	code, err := m.Run(ctx, Command{Script: script, Stdout: &stdout, Stderr: &stderr})
	if err == nil && code != 0 {
		err = fmt.Errorf("vm: %s: exit status %d: %s", Command{Script: script}, code, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), err
}

func (g *guest) run(ctx context.Context, c Command) (int, error) {
	p, err := g.start(c)
	if err != nil {
		return -1, err
	}
	return p.Wait(ctx)
}

func (g *guest) start(c Command) (*Process, error) {
	args, err := c.args()
	if err != nil {
		return nil, err
	}
	p := &Process{guest: g, name: c.String(), stdout: c.Stdout, stderr: c.Stderr, done: make(chan struct{})}
	g.open(p)
	env := append(append([]string{}, g.env...), c.Env...)
	if err := g.out.WriteJSON(p.stream, wire.Exec, wire.Command{Args: args, Env: env, Dir: c.Dir}); err != nil {
		return nil, g.failure(p.name, err)
	}
	if c.Stdin == nil {
		c.Stdin = strings.NewReader("")
	}
	go p.feed(c.Stdin)
	return p, nil
}

// feed sends the input. A failure is one of the guest, which Wait reports, or
// of the source, where the command sees its input end.
func (p *Process) feed(r io.Reader) {
	_ = p.guest.out.Copy(p.stream, wire.Input, r)
	_ = p.guest.out.Write(p.stream, wire.InputEnd, nil)
}

// deliver takes one frame from the agent.
func (p *Process) deliver(f wire.Frame) {
	var to io.Writer
	switch f.Kind {
	case wire.Stdout:
		to = p.stdout
	case wire.Stderr:
		to = p.stderr
	case wire.Exit:
		if err := f.Decode(&p.status); err != nil {
			p.status.Error = err.Error()
		}
		close(p.done)
	}
	if to != nil {
		// A writer that fails loses output; it must not stop the guest.
		_, _ = to.Write(f.Data)
	}
}

// killTimeout is how long a killed command may take to end: one in an
// uninterruptible wait never does.
const killTimeout = 5 * time.Second

// Wait returns the exit status, like Run. When the context ends, the command
// and its children are killed.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
		if p.status.Error != "" {
			return -1, fmt.Errorf("vm: %s: %s", p.name, p.status.Error)
		}
		return p.status.Code, nil
	case <-p.guest.dead:
		return -1, p.guest.death(p.name)
	case <-ctx.Done():
	}
	err := context.Cause(ctx)
	// In the background: a channel that is stuck must not hold this up. If it
	// fails, so does the wait below.
	go func() { _ = p.Signal(syscall.SIGKILL) }()
	select {
	case <-p.done:
		return -1, fmt.Errorf("vm: %s: killed: %w", p.name, err)
	case <-p.guest.dead:
		return -1, p.guest.death(p.name)
	case <-time.After(killTimeout):
		return -1, p.guest.failure(p.name, fmt.Errorf("does not die: %w", err))
	}
}

// Done is closed when the command has ended. It stays open if the guest dies.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the command and its children.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.guest.out.Write(p.stream, wire.Signal, []byte{byte(s)}); err != nil {
		return p.guest.failure(p.name, err)
	}
	return nil
}
