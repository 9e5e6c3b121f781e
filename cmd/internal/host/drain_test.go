package host

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/migrate"
)

// A drain that does not move says what it waits for, whatever it is.
func TestP9DrainSaysWhatItWaitsFor(t *testing.T) {
	c := &Cache{worker: &worker{}}
	now := time.Unix(1000, 0)
	for _, s := range []struct {
		status migrate.Status
		quiet  time.Duration
		want   string
	}{
		{migrate.Status{State: "writing"}, time.Second, ""},
		{migrate.Status{State: "writing"}, 7 * time.Second, "it waits for writes to the backings, 7s by now"},
		{migrate.Status{State: "flushing"}, time.Minute, "it waits for a flush of the backings, 1m0s by now"},
		{migrate.Status{State: "committing"}, time.Minute, "superblock"},
		{migrate.Status{State: "reading"}, time.Minute, "reads of the cache device"},
		{migrate.Status{State: "idle"}, time.Minute, "durable"},
		{migrate.Status{State: "idle", LastError: "a bad sector"}, time.Second, "a bad sector"},
	} {
		c.worker.status.Store(&s.status)
		w := drainWatch{cache: c, alive: now.Add(-s.quiet)}
		if got := w.heldUpBy(now); (s.want == "") != (got == "") || !strings.Contains(got, s.want) {
			t.Errorf("%+v quiet for %v: %q, want %q", s.status, s.quiet, got, s.want)
		}
	}
}
