package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"golang.org/x/sys/unix"
)

// progress shows what a command does while it takes its time: one line that is
// written over on a terminal, with a bar where it is known how much is done,
// else a line each time something changes.
type progress struct {
	w       io.Writer
	columns int // of the terminal; 0 = it is none
	now     func() time.Time

	last   string
	heldUp string    // by what the last drain shown was
	when   time.Time // a share that is done was shown
	shown  bool
}

// shareLines is how often a line tells how much is done, where it cannot be
// written over.
const shareLines = 2 * time.Second

func newProgress(w io.Writer) *progress {
	return &progress{w: w, columns: columns(w), now: time.Now}
}

// columns is the width of a terminal, or 0 for what is none.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	if _, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err != nil {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return 80
	}
	return int(size.Col)
}

func (p *progress) show(step control.Progress) {
	if step.Text == p.last {
		return
	}
	if p.columns > 0 {
		p.last, p.shown = step.Text, true
		fmt.Fprintf(p.w, "\r\x1b[K%s", p.line(step))
		return
	}
	if step.Done != nil { // its figures change all the time
		heldUp := ""
		if step.Drain != nil {
			heldUp = step.Drain.HeldUp
		}
		if p.shown && heldUp == p.heldUp && p.now().Sub(p.when) < shareLines {
			return
		}
		p.heldUp, p.when = heldUp, p.now()
	}
	p.last, p.shown = step.Text, true
	fmt.Fprintln(p.w, step.Text)
}

// line is what fits the terminal: a line that wraps cannot be written over.
func (p *progress) line(step control.Progress) string {
	text := step.Text
	if step.Done != nil {
		const width = 20
		full := min(width, max(0, int(*step.Done*width)))
		text = fmt.Sprintf("[%s%s] %3.0f%%  %s", strings.Repeat("#", full), strings.Repeat("-", width-full), 100**step.Done, text)
	}
	if r := []rune(text); len(r) >= p.columns {
		return string(r[:p.columns-1])
	}
	return text
}

// end leaves the terminal with an empty line.
func (p *progress) end() {
	if p.columns > 0 && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
