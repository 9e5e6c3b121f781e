package index

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is the obvious implementation: the place of every sector, one by one.
// base names the write a sector is from, as two bases can meet in a sector.
type model map[blockKey]*[SectorsPerBlock]place

type blockKey struct {
	dev   uint8
	block uint64
}

type place struct {
	present bool
	base    int64
}

func (m model) put(k blockKey, mask uint8, base int64) (replaced int, existed bool) {
	b, existed := m[k]
	if !existed {
		b = new([SectorsPerBlock]place)
	}
	for i := range b {
		if mask>>i&1 == 0 {
			continue
		}
		if b[i].present {
			replaced++
		}
		b[i] = place{true, base}
	}
	if mask != 0 {
		m[k] = b
	}
	return replaced, existed
}

// removeAt removes the sectors of mask that have a base.
func (m model) removeAt(k blockKey, mask uint8, base int64) (removed uint8, gone bool) {
	b, existed := m[k]
	if !existed {
		return 0, false
	}
	left := false
	for i := range b {
		if b[i].present && mask>>i&1 == 1 && b[i].base == base {
			b[i] = place{}
			removed |= 1 << i
		}
		left = left || b[i].present
	}
	if !left {
		delete(m, k)
	}
	return removed, !left
}

func (m model) removeDevice(dev uint8) (blocks, sectors int) {
	for k, b := range m {
		if k.dev != dev {
			continue
		}
		for _, p := range b {
			if p.present {
				sectors++
			}
		}
		blocks++
		delete(m, k)
	}
	return blocks, sectors
}

// get returns the entries of a block in order of their base.
func (m model) get(k blockKey) []Entry {
	masks := map[int64]uint8{}
	if b := m[k]; b != nil {
		for i, p := range b {
			if p.present {
				masks[p.base] |= 1 << i
			}
		}
	}
	var out []Entry
	for base, mask := range masks {
		out = append(out, Entry{Block: k.block, Base: base, Dev: k.dev, Mask: mask})
	}
	slices.SortFunc(out, byPlace)
	return out
}

func (m model) all() []Entry {
	var out []Entry
	for k := range m {
		out = append(out, m.get(k)...)
	}
	slices.SortFunc(out, byPlace)
	return out
}

func byPlace(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Dev, b.Dev), cmp.Compare(a.Block, b.Block), cmp.Compare(a.Base, b.Base))
}

func collect(x *Index) []Entry {
	var out []Entry
	x.ForEach(func(e Entry) bool {
		out = append(out, e)
		return true
	})
	slices.SortFunc(out, byPlace)
	return out
}

// check verifies that the tables are well formed and the counters right.
func check(x *Index) error {
	entries, blocks, slots := 0, 0, 0
	for i := range x.shards {
		s := &x.shards[i]
		n, distinct, err := checkShard(s, uint64(i), x.shardBits)
		if err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
		entries += n
		blocks += distinct
		slots += len(s.tab)
	}
	if entries != x.entries || blocks != x.blocks || slots != x.slots {
		return fmt.Errorf("counted %d entries, %d blocks, %d slots; recorded %d, %d, %d",
			entries, blocks, slots, x.entries, x.blocks, x.slots)
	}
	return nil
}

func checkShard(s *shard, number uint64, shardBits uint) (entries, blocks int, err error) {
	last, gap := uint64(0), -1
	var seen uint8
	for i, e := range s.tab {
		if e.empty() {
			gap = i
			continue
		}
		home := s.home(e.key, shardBits)
		if home > i || gap >= home || e.hash()>>(keyBits-shardBits) != number {
			return 0, 0, fmt.Errorf("slot %d: home %d, gap %d", i, home, gap)
		}
		if entries == 0 || e.hash() != last {
			blocks++
			seen = 0
		}
		if e.mask() == 0 || seen&e.mask() != 0 || e.hash() < last {
			return 0, 0, fmt.Errorf("slot %d: mask %#x after %#x, hash %#x after %#x", i, e.mask(), seen, e.hash(), last)
		}
		seen |= e.mask()
		last = e.hash()
		entries++
	}
	if entries != int(s.count) {
		return 0, 0, fmt.Errorf("%d entries, recorded %d", entries, s.count)
	}
	return entries, blocks, nil
}

// pair drives an index and its model together.
type pair struct {
	x *Index
	m model
}

func (p *pair) put(t *rapid.T, k blockKey, mask uint8, base int64) {
	replaced, existed := p.x.Put(k.dev, k.block, mask, base)
	wantReplaced, wantExisted := p.m.put(k, mask, base)
	if replaced != wantReplaced || existed != wantExisted {
		t.Fatalf("Put(%v, %#x, %d) = %d, %v; want %d, %v", k, mask, base, replaced, existed, wantReplaced, wantExisted)
	}
}

func (p *pair) removeAt(t *rapid.T, k blockKey, mask uint8, base int64) {
	removed, gone := p.x.RemoveAt(k.dev, k.block, mask, base)
	wantRemoved, wantGone := p.m.removeAt(k, mask, base)
	if removed != wantRemoved || gone != wantGone {
		t.Fatalf("RemoveAt(%v, %#x, %d) = %#x, %v; want %#x, %v", k, mask, base, removed, gone, wantRemoved, wantGone)
	}
}

func (p *pair) removeDevice(t *rapid.T, dev uint8) {
	blocks, sectors := p.x.RemoveDevice(dev)
	wantBlocks, wantSectors := p.m.removeDevice(dev)
	if blocks != wantBlocks || sectors != wantSectors {
		t.Fatalf("RemoveDevice(%d) = %d, %d; want %d, %d", dev, blocks, sectors, wantBlocks, wantSectors)
	}
}

func (p *pair) find(t *rapid.T, k blockKey, mask uint8, base int64) {
	want := slices.ContainsFunc(p.m.get(k), func(e Entry) bool { return e.Base == base && e.Mask&mask == mask })
	if got := p.x.Find(k.dev, k.block, mask, base); got != want {
		t.Fatalf("Find(%v, %#x, %d) = %v, want %v", k, mask, base, got, want)
	}
}

func (p *pair) get(t *rapid.T, k blockKey) {
	var buf [SectorsPerBlock]Entry
	got := slices.Clone(buf[:p.x.Get(k.dev, k.block, &buf)])
	slices.SortFunc(got, byPlace)
	if diff := gocmp.Diff(p.m.get(k), got); diff != "" && len(got)+len(p.m.get(k)) > 0 {
		t.Fatalf("Get(%v): %s", k, diff)
	}
}

func (p *pair) compare(t *rapid.T) {
	if err := check(p.x); err != nil {
		t.Fatal(err)
	}
	want, got := p.m.all(), collect(p.x)
	if !slices.Equal(got, want) {
		t.Fatalf("contents: %s", gocmp.Diff(want, got))
	}
	if p.x.Len() != len(want) || p.x.Blocks() != len(p.m) {
		t.Fatalf("Len, Blocks = %d, %d; want %d, %d", p.x.Len(), p.x.Blocks(), len(want), len(p.m))
	}
}

// TestModel runs random operations on few blocks and bases, so that partial
// writes of one block meet, with the index in one shard and in many.
func TestModel(t *testing.T) {
	for _, shards := range []int{1, 64} {
		t.Run(fmt.Sprint(shards), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { runModel(t, shards) })
		})
	}
}

func runModel(t *rapid.T, shards int) {
	x, err := newIndex(shards, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if 1<<x.shardBits != shards {
		t.Fatalf("%d shards, want %d", 1<<x.shardBits, shards)
	}
	p := &pair{x, model{}}
	lastBlock := rapid.SampledFrom([]uint64{1, 5, 300}).Draw(t, "blocks")
	key := rapid.Custom(func(t *rapid.T) blockKey {
		block := rapid.Uint64Range(0, lastBlock).Draw(t, "block")
		if rapid.Bool().Draw(t, "high") {
			block = MaxBlock - block
		}
		return blockKey{rapid.SampledFrom([]uint8{1, 2, MaxDevice}).Draw(t, "dev"), block}
	})
	mask := rapid.OneOf(rapid.Uint8(), rapid.Just(uint8(0xff)),
		rapid.Map(rapid.IntRange(0, 7), func(i int) uint8 { return 1 << i }))
	base := rapid.OneOf(rapid.Int64Range(MinBase, 3), rapid.Just(int64(1)<<40-1))

	t.Repeat(map[string]func(*rapid.T){
		"":    p.compare,
		"put": func(t *rapid.T) { p.put(t, key.Draw(t, "key"), mask.Draw(t, "mask"), base.Draw(t, "base")) },
		"fill": func(t *rapid.T) {
			dev, from := key.Draw(t, "key").dev, rapid.Uint64Range(0, 1000).Draw(t, "from")
			for i := range rapid.Uint64Range(0, 400).Draw(t, "n") {
				p.put(t, blockKey{dev, from + i}, uint8(1)<<(i%8), int64(i%8))
			}
		},
		"removeAt": func(t *rapid.T) { p.removeAt(t, key.Draw(t, "key"), mask.Draw(t, "mask"), base.Draw(t, "base")) },
		"find":     func(t *rapid.T) { p.find(t, key.Draw(t, "key"), mask.Draw(t, "mask"), base.Draw(t, "base")) },
		"get":      func(t *rapid.T) { p.get(t, key.Draw(t, "key")) },
		"removeDevice": func(t *rapid.T) {
			p.removeDevice(t, rapid.SampledFrom([]uint8{0, 1, 2, MaxDevice}).Draw(t, "dev"))
		},
		"reset": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "chance") == 0 {
				p.x.Reset()
				clear(p.m)
			}
		},
	})
}

func TestHashIsBijective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHasher(rapid.Uint64().Draw(t, "seed"))
		dev, block := rapid.Uint8Range(0, MaxDevice).Draw(t, "dev"), rapid.Uint64Range(0, MaxBlock).Draw(t, "block")
		hash := h.hash(dev, block)
		if bits.Len64(hash) > keyBits {
			t.Fatalf("hash %#x", hash)
		}
		if d, b := h.unhash(hash); d != dev || b != block {
			t.Fatalf("unhash(hash(%d, %d)) = %d, %d", dev, block, d, b)
		}
	})
}
