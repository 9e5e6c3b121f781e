package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"golang.org/x/sys/unix"
)

// progress shows what a command does while it takes its time: one line that is written over on a terminal, else a line
// each time something changes.
type progress struct {
	w     io.Writer
	tty   bool
	last  string
	shown bool
}

func newProgress(w io.Writer) *progress { return &progress{w: w, tty: isTerminal(w)} }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

func (p *progress) show(step control.Progress) {
	if step.Text == p.last {
		return
	}
	p.last, p.shown = step.Text, true
	if p.tty {
		fmt.Fprintf(p.w, "\r\x1b[K%s", step.Text)
		return
	}
	fmt.Fprintln(p.w, step.Text)
}

// end leaves the terminal with an empty line.
func (p *progress) end() {
	if p.tty && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
