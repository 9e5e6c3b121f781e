package manager

import (
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// operation is a command under way on a cache or a device. nil is none.
type operation struct {
	what control.Work // "" for upkeep, of which list and status say nothing
	last atomic.Pointer[control.Progress]
}

func begin(what control.Work) *operation { return &operation{what: what} }

// tell keeps what the command does now for who asks for the state.
func (o *operation) tell(p control.Progress) {
	if o != nil {
		o.last.Store(&p)
	}
}

// heard is a Reporter that keeps what it passes on.
func (o *operation) heard(report Reporter) Reporter {
	return func(p control.Progress) {
		o.tell(p)
		report(p)
	}
}

// doing is what list and status show of it.
func (o *operation) doing() *control.Doing {
	if o == nil || o.what == "" {
		return nil
	}
	d := &control.Doing{What: o.what}
	if p := o.last.Load(); p != nil {
		d.Progress = *p
	}
	return d
}

func (o *operation) String() string { return o.doing().String() }
