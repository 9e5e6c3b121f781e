package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// TestP6UnknownExtents: a log with extents that this program cannot replay is
// refused, whatever comes after them, and none of it is lost.
func TestP6UnknownExtents(t *testing.T) {
	r := attachedBench(t)
	r.write(1)
	r.write(2)
	if err := r.c.Free(); err != nil {
		t.Fatal(err)
	}
	geo := r.c.geo
	at := r.m[geo.SlotOffset(0):]
	rec, err := segment.ParseRecord(at, geo, 3, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	e, h := rec.Extent(0), rec.Header
	e.Kind = segment.Clean
	segment.PutExtent(at, 0, e)
	segment.SealRecord(at[:h.End()*segment.SectorSize], &h, nil)
	before := string(r.m)
	if _, _, err := Resume(r.m, Config{Wake: func() {}, BufferBytes: 1}); !errors.Is(err, segment.ErrVersion) {
		t.Errorf("resume: %v", err)
	}
	if string(r.m) != before {
		t.Error("the log was changed")
	}
}

// TestP6ReadOnlyFeatures: a log of which this program does not know all that a
// writer must know is neither resumed nor given up, and none of it is changed.
func TestP6ReadOnlyFeatures(t *testing.T) {
	r := attachedBench(t)
	r.write(1)
	if err := r.c.Free(); err != nil {
		t.Fatal(err)
	}
	s, err := ReadSuper(r.m)
	if err != nil {
		t.Fatal(err)
	}
	s.Features.ReadOnly = 4
	if err := writeSuperSync(r.m, s); err != nil {
		t.Fatal(err)
	}
	before := string(r.m)
	if _, _, err := Resume(r.m, Config{Wake: func() {}, BufferBytes: 1}); !errors.Is(err, segment.ErrReadOnly) {
		t.Errorf("resume: %v", err)
	}
	if err := Forget(r.m, 5, 1); !errors.Is(err, segment.ErrReadOnly) {
		t.Errorf("forget: %v", err)
	}
	if string(r.m) != before {
		t.Error("the log was changed")
	}
}

// TestFormatRefuses what no log can be made of, and changes nothing.
func TestFormatRefuses(t *testing.T) {
	m := inline.Memory("what was there")
	if _, err := Format(m, FormatOptions{DeviceSize: uint64(len(m)), BlockSize: 512}); !errors.Is(err, segment.ErrTooSmall) {
		t.Error(err)
	}
	if string(m) != "what was there" {
		t.Errorf("%q", m)
	}
}

// TestReadSuperOfAShortDevice: a copy that is not there is as bad as a damaged
// one. To forget a device takes a superblock.
func TestReadSuperOfAShortDevice(t *testing.T) {
	m := make(inline.Memory, segment.LogOffset+1<<20)
	if err := Forget(m, 5, 1); err == nil {
		t.Error("a device was forgotten that no superblock knows")
	}
	s, err := Format(m, FormatOptions{DeviceSize: uint64(len(m)), BlockSize: 512, SegmentSize: 8 << 10, Nonce: 3})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadSuper(m[:segment.SuperSpace])
	if err != nil || got.Nonce != 3 || got.Generation+1 < s.Generation {
		t.Errorf("%+v, %v", got, err)
	}
}
