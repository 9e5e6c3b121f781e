package witness

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// TestP8ChangeFollowsTheBatches: after any number of batches each witnessed sector
// is as the disk has it.
func TestP8ChangeFollowsTheBatches(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		size := 8 + r.IntN(100)
		scope := Scope{r.IntN(6), r.IntN(4), r.IntN(4), r.IntN(5)}
		m := newMemory(size).filled()
		w := Capture(m, uint64(size), nil, scope)
		for range 12 {
			before := *w
			c := NewChange(w, scope)
			for at := r.IntN(5); at < size; at += r.IntN(9) {
				n := min(1+r.IntN(12), size-at)
				to := m.b[at*segment.SectorSize : (at+n)*segment.SectorSize]
				if r.IntN(4) == 0 {
					clear(to)
					c.Zero(uint64(at), uint64(n))
				} else {
					for i := range n {
						m.put(uint64(at+i), byte(r.Uint32()))
						if r.IntN(4) == 0 {
							copy(to[i*segment.SectorSize:], "XFSB")
						}
					}
					c.Write(uint64(at), to)
				}
				at += n
			}
			if v := Judge(&before, m, nil, nil); len(before.Head) > 2 && !v.Changed() && r.IntN(50) == 0 {
				t.Log("a batch that changed nothing")
			}
			w = c.Witness()
			if v := Judge(w, m, nil, nil); v.Changed() || v.Unjudged != 0 {
				t.Fatalf("seed %d: %s", seed, v.String())
			}
			if len(w.Marks) > scope.Marks || len(w.Samples) > scope.Samples {
				t.Fatalf("seed %d: %d marks, %d samples", seed, len(w.Marks), len(w.Samples))
			}
		}
	}
}

// TestChangeFindsMarksAndSamples in what a batch writes.
func TestChangeFindsMarksAndSamples(t *testing.T) {
	w := Capture(newMemory(4000), 4000, nil, Default)
	c := NewChange(w, Default)
	for i := range uint64(100) {
		data := append(sector(byte(i)), sector(1)...)
		if i%10 == 0 {
			copy(data[segment.SectorSize:], "XFSB")
		}
		c.Write(600+20*i, data)
	}
	c.Write(3900, sector(1)) // in the tail: neither
	got := c.Witness()
	if len(got.Marks) != 10 || got.Marks[1].LBA != 801 {
		t.Errorf("marks %+v", got.Marks)
	}
	if n := len(got.Samples); n < 6 || n > 12 || got.Samples[n-1].LBA < 1800 {
		t.Errorf("samples %+v", got.Samples)
	}
	if len(w.Marks)+len(w.Samples) != 0 {
		t.Error("the witness it started from was changed")
	}
	next := NewChange(got, Default)
	next.Write(801, sector(9)) // no superblock any more
	moved := sector(9)
	copy(moved, "XFSB")
	next.Write(1001, moved)
	if after := next.Witness(); len(after.Marks) != 9 || after.Marks[0].LBA != 1001 || len(after.Samples) != 2 {
		t.Errorf("marks %+v samples %+v", after.Marks, after.Samples)
	}
}

// TestLooksLikeSuper knows what is found in the field, and no copy of ext4's.
func TestLooksLikeSuper(t *testing.T) {
	at := func(off int, s string) []byte {
		b := make([]byte, segment.SectorSize)
		copy(b[off:], s)
		return b
	}
	ext := at(56, "\x53\xef\x01\x00")
	ext[4], ext[76] = 1, 1
	extCopy := append([]byte(nil), ext...)
	extCopy[90] = 3
	fat := at(82, "FAT32   ")
	fat[510], fat[511] = 0x55, 0xaa
	for name, b := range map[string][]byte{
		"ext4": ext, "FAT": fat,
		"XFS": at(0, "XFSB"), "btrfs": at(64, "_BHRfS_M"), "LVM": at(0, "LABELONE"), "LVM metadata": at(4, " LVM2 x[5A%r0N*>"),
		"LUKS": at(0, "LUKS\xba\xbe\x00\x02"), "LUKS2's copy": at(0, "SKUL\xba\xbe\x00\x02"), "md": at(0, "\xfc\x4e\x2b\xa9\x01"),
		"journal": at(0, "\xc0\x3b\x39\x98\x00\x00\x00\x04"), "swap": at(502, "SWAPSPACE2"), "f2fs": at(0, "\x10\x20\xf5\xf2"),
		"bcache": at(24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca"), "GPT": at(0, "EFI PART"), "NTFS log": at(0, "RSTR"), "reiserfs": at(52, "ReIsEr2Fs"),
		"integrity": at(0, "integrt\x00"), "VDO": at(0, "dmvdo001"), "BlueStore": at(0, "bluestore block device"), "GFS2": at(0, "\x01\x16\x19\x70"), "JFS": at(0, "JFS1"), "FAT info": at(0, "RRaA"),
	} {
		if !LooksLikeSuper(b) {
			t.Errorf("%s is not known", name)
		}
	}
	for name, b := range map[string][]byte{
		"zeroes": at(0, ""), "a copy of ext4": extCopy, "only the magic of ext4": at(56, "\x53\xef"), "a block of the journal": at(0, "\xc0\x3b\x39\x98\x00\x00\x00\x01"),
		"text": at(0, "LABELTWO"), "a boot sector of nobody": at(510, "\x55\xaa"),
	} {
		if LooksLikeSuper(b) {
			t.Errorf("%s is taken for a superblock", name)
		}
	}
}

func BenchmarkLooksLikeSuper(b *testing.B) {
	m := make([]byte, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m {
		m[i] = byte(r.Uint32())
	}
	b.SetBytes(int64(len(m)))
	for b.Loop() {
		for at := 0; at < len(m); at += segment.SectorSize {
			if LooksLikeSuper(m[at : at+segment.SectorSize]) {
				b.Fatal("found one")
			}
		}
	}
}

func BenchmarkCollector(b *testing.B) {
	w := Capture(newMemory(4000), 1<<30, nil, Default)
	for i := range uint64(41) {
		w.Samples = append(w.Samples, segment.Mark{LBA: i * 1e6})
	}
	c := NewCollector(&segment.Super{Bindings: []segment.Binding{{ID: 1, Witness: w}}})
	e := segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Data, Sectors: 8}}
	r := rand.New(rand.NewPCG(1, 2))
	lbas := make([]uint64, 4096)
	for i := range lbas {
		lbas[i] = 256 + r.Uint64N(1<<29)&^7
	}
	for i := 0; b.Loop(); i++ {
		e.LBA = lbas[i%len(lbas)]
		c.Place(&segment.Header{Seq: 1}, &e)
	}
}

// TestChangeSamplesNoBlanks: what could be on any disk says nothing of this one.
func TestChangeSamplesNoBlanks(t *testing.T) {
	c := NewChange(Capture(newMemory(4000), 4000, nil, Default), Default)
	blank := make([]byte, segment.SectorSize)
	for i := range uint64(50) {
		for j := range blank {
			blank[j] = byte(i)
		}
		c.Write(600+2*i, blank)
	}
	if got := c.Witness().Samples; len(got) != 0 {
		t.Errorf("samples %+v", got)
	}
}

// TestRecapture keeps the marks that are still worth it, and as many as there
// may be.
func TestRecapture(t *testing.T) {
	m := newMemory(100).filled()
	old := &segment.Witness{}
	for _, lba := range []uint64{1, 20, 30, 40, 50, 99, 100, 1 << 50} { // the first is in the head, the last are gone
		if lba < 100 && lba != 30 {
			copy(m.b[lba*segment.SectorSize:], "XFSB")
		}
		old.Marks = append(old.Marks, segment.Mark{LBA: lba})
		old.Samples = append(old.Samples, segment.Mark{LBA: lba})
	}
	m.bad[20] = true
	w := Capture(m, 100, old, Scope{Head: 4, Marks: 2, Samples: 2})
	at := func(marks []segment.Mark) (lbas []uint64) {
		for _, m := range marks {
			lbas = append(lbas, m.LBA)
		}
		return lbas
	}
	if marks, samples := at(w.Marks), at(w.Samples); !slices.Equal(marks, []uint64{40, 50}) || !slices.Equal(samples, []uint64{30, 40}) {
		t.Errorf("marks at %d, samples at %d", marks, samples)
	}
}
