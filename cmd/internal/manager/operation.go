package manager

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// operation is a command under way: what it is called, how far it is, and
// whether it is still wanted. nil is none.
//
//	client ── takes it back ──► ctx ──► what it waits for ends
//	       ◄── say, tell ───── operation ──── keep, tell ──► list, status
//	                               └───────── warn, done ──► the server's log
type operation struct {
	what control.Work    // "" for one of which list and status say nothing
	ctx  context.Context // ends when the command is taken back
	hear Reporter        // its client
	log  *slog.Logger    // with the cache and the device that it is about
	last atomic.Pointer[control.Progress]
}

// Reporter is told what a command does while it takes its time.
type Reporter func(control.Progress)

// begin makes the operation of a command. about are the cache and the device
// that it is about, as keys and ids.
func (m *Manager) begin(ctx context.Context, what control.Work, report Reporter, about ...any) *operation {
	return &operation{what: what, ctx: ctx, hear: report, log: m.log.With(about...)}
}

// cancelled tells whether the command was taken back.
func (o *operation) cancelled() bool { return o.ctx.Err() != nil }

// say tells the client a sentence.
func (o *operation) say(format string, args ...any) {
	o.hear(control.Progress{Text: fmt.Sprintf(format, args...)})
}

// warn tells the client, and the log.
func (o *operation) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	o.log.Warn(text)
	o.say("%s", text)
}

// keep notes what the command does now, for who asks for the state.
func (o *operation) keep(p control.Progress) { o.last.Store(&p) }

// tell tells the client what the command does now, and who asks for the state.
func (o *operation) tell(p control.Progress) {
	o.keep(p)
	o.hear(p)
}

// keepReporting tells again and again what the command waits for, until it is
// stopped.
func (o *operation) keepReporting(format string, args ...any) (stop func()) {
	now := control.Progress{Text: fmt.Sprintf(format, args...)}
	return startTicker(slowLook, func() { o.tell(now) })
}

// done logs what a command has done, and is its answer.
func (o *operation) done(verb, text string) *control.Done {
	o.log.Info(verb + ": " + text)
	return &control.Done{Text: text}
}

// logf is a log as package host writes it: of what went wrong.
func logf(log *slog.Logger) func(format string, args ...any) {
	return func(format string, args ...any) { log.Warn(fmt.Sprintf(format, args...)) }
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
