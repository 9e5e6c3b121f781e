package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// Each state has a name.
func TestHealthIsNamed(t *testing.T) {
	for h, name := range []string{"healthy", "doubtful", "failed", "lost"} {
		if got := Health(h).String(); got != name {
			t.Errorf("state %d is %s, want %s", h, got, name)
		}
	}
}

// TestP8Health: each way from one state to another.
func TestP8Health(t *testing.T) {
	look := func(r *bench, data func([]byte), err error) {
		p := r.c.Background()
		for _, op := range inline.Take(p) {
			if op.Kind == block.Read {
				copy(op.Buf, r.m[op.Offset:])
				data(op.Buf)
			}
			p.Done(op, err)
		}
	}
	ours := func(b []byte) {}
	anothers := func(b []byte) { b[20] ^= 1 }
	gone := func(r *bench) { r.c.lock(); defer r.c.mu.Unlock(); r.c.fail(r.c.background, errors.New("gone")) }
	for _, c := range []struct {
		name  string
		steps []func(r *bench)
		want  Health
	}{
		{"nothing happened", nil, Healthy},
		{"slept", []func(*bench){func(r *bench) { r.c.Suspect() }}, Doubtful},
		{"slept twice, looked once", []func(*bench){func(r *bench) { r.c.Suspect() }, func(r *bench) { r.c.Suspect() }, func(r *bench) { look(r, ours, nil) }}, Doubtful},
		{"looked, ours", []func(*bench){func(r *bench) { r.c.Suspect() }, func(r *bench) { look(r, ours, nil) }}, Healthy},
		{"looked, another's", []func(*bench){func(r *bench) { r.c.Suspect() }, func(r *bench) { look(r, anothers, nil) }}, Lost},
		{"failed", []func(*bench){gone}, Failed},
		{"failed in doubt", []func(*bench){func(r *bench) { r.c.Suspect() }, gone}, Failed},
		{"failed in doubt, looked, ours", []func(*bench){func(r *bench) { r.c.Suspect() }, gone, func(r *bench) { look(r, ours, nil) }}, Failed},
		{"failed in doubt, looked, another's", []func(*bench){func(r *bench) { r.c.Suspect() }, gone, func(r *bench) { look(r, anothers, nil) }}, Lost},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newBench(t, full(benchSectors, 1))
			for _, step := range c.steps {
				step(r)
			}
			got, why := r.c.Health(), r.c.Status().Broken
			if got != c.want || (why != "") != (c.want >= Failed) {
				t.Errorf("%v (%q), want %v", got, why, c.want)
			}
		})
	}
}
