package vm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm/wire"
)

const portName = wire.PortName

// guest is one run of a machine, from power on to power off.
type guest struct {
	conn    net.Conn
	out     *wire.Writer
	console *console
	env     []string
	process *os.Process
	ready   chan struct{} // closed when the agent said so
	dead    chan struct{} // closed when QEMU has ended

	mu      sync.Mutex // protects all below
	last    uint32     // number of the newest stream
	streams map[uint32]*Process
	cause   error // why it is dead
}

func newGuest(conn net.Conn, c *console, env []string) *guest {
	return &guest{
		conn: conn, out: wire.NewWriter(boundedWriter{conn}), console: c, env: env,
		ready: make(chan struct{}), dead: make(chan struct{}), streams: map[uint32]*Process{},
	}
}

// writeTimeout bounds one write to the agent, which always reads: a guest that
// does not for so long has stopped.
const writeTimeout = 60 * time.Second

type boundedWriter struct{ conn net.Conn }

func (w boundedWriter) Write(p []byte) (int, error) {
	if err := w.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return w.conn.Write(p)
}

// exited notes the end of QEMU.
func (g *guest) exited(err error) {
	g.mu.Lock()
	if err == nil {
		err = errors.New("qemu has ended")
	}
	g.cause = err
	g.mu.Unlock()
	close(g.dead)
	// The reader sees the end of the channel, the writers an error.
	_ = g.conn.Close()
}

// kill ends QEMU at once and returns when it is gone.
func (g *guest) kill() {
	_ = g.process.Kill() // it may have ended by itself
	<-g.dead
}

// failure describes what went wrong, with the console's tail.
func (g *guest) failure(doing string, err error) error {
	text := g.console.complaint()
	if text != "" {
		text = ", the kernel says: " + text
	}
	return fmt.Errorf("vm: %s: %w%s\n--- console ---\n%s", doing, err, text, g.console.last())
}

// death is the failure of a dead guest.
func (g *guest) death(doing string) error {
	g.mu.Lock()
	cause := g.cause
	g.mu.Unlock()
	return g.failure(doing, fmt.Errorf("the guest died: %w", cause))
}

func (g *guest) awaitReady(ctx context.Context) error {
	select {
	case <-g.ready:
		return nil
	case <-g.dead:
		return g.death("boot")
	case <-ctx.Done():
		return g.failure("boot", context.Cause(ctx))
	}
}

// powerOffTimeout bounds an orderly end.
const powerOffTimeout = 60 * time.Second

func (g *guest) powerOff(ctx context.Context) error {
	if err := g.out.Write(0, wire.PowerOff, nil); err != nil {
		return g.failure("power off", err)
	}
	ctx, cancel := context.WithTimeout(ctx, powerOffTimeout)
	defer cancel()
	select {
	case <-g.dead:
		return nil
	case <-ctx.Done():
		return g.failure("power off", context.Cause(ctx))
	}
}

// receive hands what the agent sends to its streams until the channel ends.
func (g *guest) receive() {
	in := bufio.NewReaderSize(g.conn, 64<<10)
	for {
		f, err := wire.Read(in)
		if err != nil {
			// Either QEMU has ended, or the channel is useless without
			// which there is no guest.
			_ = g.process.Kill()
			return
		}
		if f.Kind == wire.Ready {
			close(g.ready)
			continue
		}
		g.mu.Lock()
		p := g.streams[f.Stream]
		if f.Kind == wire.Exit {
			delete(g.streams, f.Stream)
		}
		g.mu.Unlock()
		if p != nil {
			p.deliver(f)
		}
	}
}

// open registers a new stream.
func (g *guest) open(p *Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last++
	p.stream = g.last
	g.streams[p.stream] = p
}
