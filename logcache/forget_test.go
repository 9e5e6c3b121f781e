package logcache

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// golden is one of the images that every version must open.
func golden(t *testing.T, name string) inline.Memory {
	t.Helper()
	f, err := os.Open("../segment/testdata/" + name + ".img.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// held is what a survey finds of each device, and the sequence of the newest
// record.
func held(t *testing.T, m inline.Memory) (devices map[uint8]inspect.DeviceReport, last uint64) {
	t.Helper()
	i, err := inspect.Open(m, int64(len(m)))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	log, err := i.Survey(t.Context(), inspect.Options{Payload: true})
	if err != nil {
		t.Fatal(err)
	}
	devices = map[uint8]inspect.DeviceReport{}
	for _, d := range log.Report().Devices {
		devices[d.ID] = d
	}
	return devices, log.Last()
}

// TestP8Forget: what is given up is gone in both copies of the superblock,
// behind damage too, and of no other device.
func TestP8Forget(t *testing.T) {
	for _, name := range []string{"v1-reused", "v2-reused", "v2-damaged"} {
		whole := golden(t, name)
		before, last := held(t, whole)
		if err := Forget(whole, 4, last); !errors.Is(err, ErrNotBound) {
			t.Errorf("%s: a device that is not bound: %v", name, err)
		}
		if err := Forget(whole, 5, last); err != nil {
			t.Fatal(err)
		}
		for bad := range 3 { // both copies are good, or one is bad
			m := inline.Memory(bytes.Clone(whole))
			if bad < 2 {
				clear(m[bad*segment.SuperSpace:][:4096])
			}
			now, _ := held(t, m)
			if d := now[5]; d.Dirty != 0 || len(d.Lost) != 0 || d.State != "detached" {
				t.Errorf("%s, copy %d bad: %d sectors are left, %d lost, %s", name, bad, d.Dirty, len(d.Lost), d.State)
			}
			if now[6].Dirty != before[6].Dirty {
				t.Errorf("%s: device 6 has %d sectors, and had %d", name, now[6].Dirty, before[6].Dirty)
			}
		}
		if err := Forget(whole, 5, last); err != nil {
			t.Errorf("%s: once more: %v", name, err)
		}
	}
}

// TestP8ForgottenStaysGone after a resume, and the other devices' data is there.
func TestP8ForgottenStaysGone(t *testing.T) {
	m := golden(t, "v2-reused")
	_, last := held(t, m)
	if err := Forget(m, 5, last); err != nil {
		t.Fatal(err)
	}
	c, _, err := Resume(m, Config{Wake: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	if c.DirtyBlocks(5) != 0 || c.DirtyBlocks(6) == 0 {
		t.Errorf("%d dirty blocks of device 5, %d of device 6", c.DirtyBlocks(5), c.DirtyBlocks(6))
	}
	if err := c.judge(nil, &segment.Binding{ID: 5, Sectors: 1, Fingerprint: 1}, nil); err != nil {
		t.Errorf("its id is not free for another disk: %v", err)
	}
	if err := c.Free(); err != nil {
		t.Error(err)
	}
}
