package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// passing is a volume without a cache, and a port whose operations all succeed.
func passing(v *Volume, p *Port, r Request) error {
	r.Volume, r.Buf = v, make([]byte, r.Sectors*512)
	p.Submit(&r)
	new(inline.Host).Run(p)
	p.Answers()
	return r.Err
}

// TestP1ReopenTellsOnce: writes without a cache that were not flushed when their
// disk went away may be lost, and one FLUSH says so.
func TestP1ReopenTellsOnce(t *testing.T) {
	write, fua, flush := Request{Op: Write, Sectors: 8}, Request{Op: Write, Sectors: 8, FUA: true}, Request{Op: Flush}
	for _, c := range []struct {
		name string
		did  []Request
		lost bool
	}{
		{"nothing was written", nil, false},
		{"it was flushed", []Request{write, flush}, false},
		{"it was durable by itself", []Request{fua}, false},
		{"by another's flush", []Request{write, fua}, false},
		{"written", []Request{write}, true},
		{"written since", []Request{write, flush, write}, true},
		{"a discard", []Request{{Op: Discard, Sectors: 8}}, true},
	} {
		v, p := NewVolume(5, "vol", 64, 512), NewPort(func() {})
		for _, r := range c.did {
			if err := passing(v, p, r); err != nil {
				t.Fatal(err)
			}
		}
		v.Freeze()
		v.Reopened()
		v.Unfreeze()
		if err := passing(v, p, flush); errors.Is(err, ErrBypassLost) != c.lost {
			t.Errorf("%s: the next FLUSH says %v", c.name, err)
		}
		if err := passing(v, p, flush); err != nil {
			t.Errorf("%s: the one after it says %v", c.name, err)
		}
	}
}

// TestP1ReopenAttachedTellsOnce: the same of what went past the log.
func TestP1ReopenAttachedTellsOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		did  func(r *rig)
		lost bool
	}{
		{"in the log", func(r *rig) { r.do(Write, 7, false) }, false},
		{"past it", func(r *rig) { r.past(7) }, true},
		{"past it, and flushed", func(r *rig) { r.past(7); r.do(Flush, 0, false) }, false},
	} {
		r := newRig(t)
		flush := func() error {
			q := &r.reqs[r.next%len(r.reqs)]
			r.do(Flush, 0, false)
			return q.Err
		}
		c.did(r)
		r.v.Freeze()
		r.v.Reopened()
		r.v.Unfreeze()
		r.p.Poll()
		if err := flush(); errors.Is(err, ErrBypassLost) != c.lost {
			t.Errorf("%s: the next FLUSH says %v", c.name, err)
		}
		if err := flush(); err != nil {
			t.Errorf("%s: the one after it says %v", c.name, err)
		}
	}
}

// TestP1FlushedBeforeItWent: what the host flushed, after it was frozen, is not
// lost.
func TestP1FlushedBeforeItWent(t *testing.T) {
	v, p := NewVolume(5, "vol", 64, 512), NewPort(func() {})
	if err := passing(v, p, Request{Op: Write, Sectors: 8}); err != nil {
		t.Fatal(err)
	}
	v.Freeze()
	v.Flushed()
	v.Reopened()
	v.Unfreeze()
	if err := passing(v, p, Request{Op: Flush}); err != nil {
		t.Error(err)
	}
}
