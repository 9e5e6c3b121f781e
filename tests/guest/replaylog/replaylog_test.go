package main

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logOf writes entries as the kernel does. Data is zero.
func logOf(entries ...entry) []byte {
	le := binary.LittleEndian
	b := make([]byte, sectorSize)
	le.PutUint64(b, logMagic)
	le.PutUint64(b[8:], logVersion)
	le.PutUint64(b[16:], uint64(len(entries)))
	le.PutUint32(b[24:], sectorSize)
	for _, e := range entries {
		s := make([]byte, sectorSize)
		le.PutUint64(s, uint64(e.Offset/sectorSize))
		le.PutUint64(s[8:], uint64(e.Length/sectorSize))
		le.PutUint64(s[16:], e.Flags)
		le.PutUint64(s[24:], uint64(copy(s[entryBytes:], e.Mark)))
		b = append(b, s...)
		if !e.is(flagDiscard) {
			b = append(b, make([]byte, e.Length)...)
		}
	}
	return b
}

func TestReadLog(t *testing.T) {
	want := []entry{
		{Offset: 4096, Length: 1024, Data: 1024},
		{Flags: flagMark, Data: 2560, Mark: "c:1:2"},
		{Flags: flagDiscard, Offset: 512, Length: 1 << 20, Data: 3072},
		{Flags: flagFUA, Offset: 512, Length: 512, Data: 3584},
		{Flags: flagFlush, Data: 4608},
	}
	log := logOf(want...)
	got, err := readLog(bytes.NewReader(log))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := readLog(bytes.NewReader(log[:len(log)-1])); err == nil {
		t.Error("a log that is cut off is taken for whole")
	}
	if _, err := readLog(bytes.NewReader(make([]byte, 4096))); err == nil {
		t.Error("zeroes are taken for a log")
	}
}

// TestVerify has a job that wrote three times to eight sectors, the first two
// durable.
func TestVerify(t *testing.T) {
	h := history{confirmed: 2, writes: []write{{1, 0, 4}, {2, 2, 4}, {3, 4, 4}}}
	for _, c := range []struct {
		versions []uint64
		ok       bool
		what     string
	}{
		{[]uint64{1, 1, 2, 2, 2, 2, 0, 0}, true, "what was confirmed"},
		{[]uint64{1, 1, 2, 2, 3, 3, 3, 3}, true, "all that was issued"},
		{[]uint64{1, 1, 2, 2, 3, 2, 0, 3}, true, "the last write in part"},
		{[]uint64{1, 1, 2, 1, 2, 2, 0, 0}, false, "a durable write in part"},
		{[]uint64{1, 1, 1, 1, 0, 0, 0, 0}, false, "a durable write lost"},
		{[]uint64{1, 1, 1, 1, 3, 3, 3, 3}, false, "a later write without an earlier one"},
		{[]uint64{1, 1, 2, 2, 2, 2, 4, 4}, false, "a write that nobody issued"},
	} {
		if err := h.verify(c.versions, 0); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
