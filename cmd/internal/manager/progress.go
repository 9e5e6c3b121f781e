package manager

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// progressEvery is how often a command that reads a log tells how far it is.
const progressEvery = 500 * time.Millisecond

// logProgress is how much of a log has been read.
type logProgress struct{ slots, of atomic.Uint64 }

func (p *logProgress) set(slots, of uint64) {
	p.of.Store(of)
	p.slots.Store(slots)
}

// share is how much of the log has been read, 0 to 1, or nil before and after that.
func (p *logProgress) share() *float64 {
	slots, of := p.slots.Load(), p.of.Load()
	if of == 0 || slots >= of {
		return nil
	}
	done := float64(slots) / float64(of)
	return &done
}

// tell tells the client of an operation how far it is, and of what, and who asks
// for the state how far.
func (p *logProgress) tell(o *operation, of string) {
	now := control.Progress{Text: p.String(), Done: p.share()}
	o.keep(now)
	now.Text = of + ": " + now.Text
	o.hear(now)
}

// String says it in words.
func (p *logProgress) String() string {
	switch slots, of := p.slots.Load(), p.of.Load(); {
	case of == 0:
		return "looking for the end of the log"
	case slots < of:
		return fmt.Sprintf("reading the log, %d %% (%d of %d segments)", 100*slots/of, slots, of)
	}
	return "making the index of what the log holds"
}
