package logcache

import (
	"errors"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// lived is a cache with a segment that is migrated, one with records 2 to 4 that is
// not, and a third with an open record; the volume's first write was migrated.
func lived(t *testing.T) (*bench, *Port) {
	t.Helper()
	r := writable(t, 5*8<<10)
	p := NewPort(func() {})
	do := func(op Op, fua bool, lba uint64, n uint32) {
		p.Submit(&Request{Op: op, FUA: fua, LBA: lba, Sectors: n, Buf: make([]byte, n*segment.SectorSize), Volume: r.v})
		runLog(p, r.c.background)
	}
	end := func() {
		r.c.CloseCurrent()
		runLog(r.c.background)
	}
	do(Write, false, 0, 8)
	end()
	var es [index.SectorsPerBlock]index.Entry
	r.c.idx.Get(r.v.ID, 0, &es)
	r.c.Forget([]segment.Placed{{Extent: segment.Extent{Device: r.v.ID, Kind: segment.Data, Sectors: 8}, At: es[0].Base}})
	r.c.Migrated(1, func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	runLog(r.c.background)
	do(Write, true, 8, 8)
	do(Discard, false, 16, 8)
	do(Write, true, 32, 2)
	end()
	do(Write, false, 48, 1)
	if r.c.migratedSeq != 1 || r.c.sealedSeq != 3 || r.c.durableSeq != 3 || r.c.cur.id != 3 {
		t.Fatalf("%d is migrated, %d sealed, %d durable, and segment %d open", r.c.migratedSeq, r.c.sealedSeq, r.c.durableSeq, r.c.cur.id)
	}
	return r, p
}

// logStart is the first sector of the log.
const logStart = segment.LogOffset / segment.SectorSize

// spoiled is a figure of a cache that is made wrong, and what is said of it then.
type spoiled struct {
	spoil func(c *Cache)
	says  string
}

type spoiledBy map[string]spoiled

// held has each of some figures made wrong in a cache of its own.
func (cases spoiledBy) held(t *testing.T, check func(c *Cache, last *Sequences) error) {
	t.Helper()
	for name, s := range cases {
		r, _ := lived(t)
		var last Sequences
		if err := errors.Join(r.c.CheckSequences(&last), r.c.CheckParts()); err != nil {
			t.Fatal(err)
		}
		s.spoil(r.c)
		if err := check(r.c, &last); err == nil || !strings.Contains(err.Error(), s.says) {
			t.Errorf("%s: %v, want %q", name, err, s.says)
		}
	}
}

var sequences = spoiledBy{
	"migrated, not durable":      {func(c *Cache) { c.migratedSeq = 9 }, "what is migrated is durable in the log: 9, and at most 3"},
	"durable, not FUA":           {func(c *Cache) { c.durableSeq++ }, "what is durable need not become so: 4"},
	"FUA, not sealed":            {func(c *Cache) { c.fuaSeq++ }, "only sealed records are written with FUA: 4"},
	"durable, not written":       {func(c *Cache) { c.writtenSeq-- }, "what is durable is written: 3, and at most 2"},
	"written, not sealed":        {func(c *Cache) { c.writtenSeq++ }, "only sealed records are written: 4"},
	"a group of what is to come": {func(c *Cache) { c.groupSeq = 4 }, "a group of barriers is of sealed records: 4"},
	"a want of what is to come":  {func(c *Cache) { c.durableTarget = 5 }, "nobody waits for a record that there is not: 5, and at most 4"},
	"free, not migrated":         {func(c *Cache) { c.slotDiscard.freed++ }, "a slot that is free was migrated: 2"},
	"a segment not stated":       {func(c *Cache) { c.super.now.LastMigrated-- }, "a segment that is migrated is stated to be: 1"},
	"a record not stated":        {func(c *Cache) { c.super.now.MigratedSeq-- }, "a record that is migrated is stated to be: 1"},
	"stated, not durable":        {func(c *Cache) { c.super.now.DurableSeq = 4 }, "a record that is stated to be durable is: 4"},
	"a copy not written":         {func(c *Cache) { c.super.durable++ }, "a superblock that is durable was written"},
	"two copies at a time":       {func(c *Cache) { c.super.now.Generation += 2 }, "one copy of the superblock is written at a time"},
	"a slot over another":        {func(c *Cache) { c.cur.id = 7 }, "a slot that is written was free: 7, and at most 6"},
	"a slot that is left out":    {func(c *Cache) { c.nextID = 8 }, "no slot is left out: 8, and at most 7"},
	"it falls": {func(c *Cache) { c.durableSeq-- },
		"the last durable record fell from 3 to 2"},
}

// TestSequencesAreInOrder: each that is above one that it must not be above is
// seen, and each that falls.
func TestSequencesAreInOrder(t *testing.T) {
	sequences.held(t, (*Cache).CheckSequences)
}

var parts = spoiledBy{
	"a slot of another":       {func(c *Cache) { c.slots[1].ID = 9 }, "segment 9 is in the slot of segment 2"},
	"a read that ended twice": {func(c *Cache) { c.slots[1].refs = -1 }, "-1 reads of segment 2"},
	"a read of what is open":  {func(c *Cache) { c.slots[2].refs = 1 }, "1 reads of segment 3, of which 3 is being filled"},
	"a gap in the log":        {func(c *Cache) { c.slots[1].FirstSeq++ }, "segment 2 has records 3 to 3, behind record 1"},
	"an end elsewhere":        {func(c *Cache) { c.slots[1].LastSeq = 2 }, "the segments end with record 2, and record 3 is sealed"},

	"a group of FUA records": {func(c *Cache) { c.groupSeq = 3 }, "a group is of the records up to 3, and those up to 3 need none"},
	"a flush for no group":   {func(c *Cache) { c.flushOp = true }, "a flush is for the records up to 0"},
	"a flush before a write": {func(c *Cache) { c.flushOp, c.groupSeq, c.fuaSeq, c.writtenSeq = true, 3, 2, 2 }, "a flush is for the records up to 3, and those up to 2"},
	"a record elsewhere":     {func(c *Cache) { c.recs[4].Seq = 9 }, "record 9 is where 4 should be"},
	"FUA beside a flush": {func(c *Cache) { c.flushOp, c.groupSeq, c.fuaSeq, c.recs[4].fua = true, 3, 2, true },
		"record 4 is being written with FUA beside the flush of a group"},
	"a buffer in use": {func(c *Cache) { c.bufs[0].unwritten++ }, "buffer 0 has 0 records that are not written, and counts 1"},

	"an entry of what is migrated": {func(c *Cache) { c.idx.Put(5, 9, 1, logStart) }, "block 9 of device 5 is at sector 0 of segment 1"},
	"an entry beyond the end":      {func(c *Cache) { c.idx.Put(5, 9, 1, logStart+2*16+3) }, "at sector 3 of segment 3, which ends at 2"},
	"zeroes of what is migrated":   {func(c *Cache) { c.idx.Put(5, 9, 1, index.Zeroes+logStart+1) }, "block 9 of device 5 is at sector 0 of segment 1"},
	"a block too few":              {func(c *Cache) { c.dirty[5]-- }, "4 blocks of device 5 are in the index, and 3 are counted"},
	"a device that is not bound":   {func(c *Cache) { c.super.now.Bindings = nil }, "4 blocks of device 5 are in the index, which is not bound"},
	"zeroes not counted":           {func(c *Cache) { c.zeroBlocks = 0 }, "1 entries are zeroes, and 0 blocks are counted"},

	"an update that hangs": {func(c *Cache) { c.super.fresh = make([]func(error), 1) }, "1 updates of the superblock wait for nothing"},
	"a flush from nowhere": {func(c *Cache) { c.ledgers[5].inFlight = []uint64{1} }, "of 0 flushes 1 are under way"},
	"one that was not begun": {func(c *Cache) { c.ledgers[0].inFlight = []uint64{c.ledgers[0].begun + 1} },
		"the cache device: flush 8 is under way, of 7"},
	"a mark ahead": {func(c *Cache) { c.ledgers[5].mark = 1 }, "0 have failed, and 1 before the batch"},
}

// TestPartsFitTogether: each that does not fit the others is seen.
func TestPartsFitTogether(t *testing.T) {
	parts.held(t, func(c *Cache, _ *Sequences) error { return c.CheckParts() })
}

// wait has writes wait for room.
func wait(c *Cache, requests ...*Request) {
	for _, r := range requests {
		r.Volume = c.volumes[5]
		r.Volume.inflight.Add(1)
		c.line.join(r)
	}
}

// past has writes of a block be on their way past the log.
func past(c *Cache, sectors ...uint64) {
	v := c.volumes[5]
	for _, at := range sectors {
		v.inflight.Add(1)
		v.bypass.inFlight[v.bypass.n] = &Request{LBA: at, Sectors: 8, Volume: v}
		v.bypass.n++
	}
}

var waiting = spoiledBy{
	"none":           {func(c *Cache) { c.line.volumes = []*Volume{c.volumes[5]} }, "device 5 is in the line without a write"},
	"one too many":   {func(c *Cache) { wait(c, &Request{}); c.line.n++ }, "1 writes wait, and 2 are counted"},
	"out of turn":    {func(c *Cache) { wait(c, &Request{}, &Request{}); c.volumes[5].waiting.tail.turn = 0 }, "a write with turn 0 waits behind one with 1"},
	"durable":        {func(c *Cache) { c.waiters.push(&Request{need: 3}) }, "a barrier waits for record 3, behind one for 4, or with 3 durable"},
	"expected":       {func(c *Cache) { c.company.expected = 1 }, "0 devices are expected, and 1 are counted"},
	"of a timer":     {func(c *Cache) { c.company.waiting = true }, "a timer runs, and no barrier waits"},
	"of nobody":      {func(c *Cache) { c.volumes[5].cache.Store(nil) }, "device 5 is attached, and not bound, or of another cache"},
	"not under way":  {func(c *Cache) { past(c, 64); c.volumes[5].inflight.Store(0) }, "0 requests are under way, of which 0 wait and 1 go past the log"},
	"flushed before": {func(c *Cache) { c.volumes[5].bypass.durable = 1 }, "1 of 0 writes past the log are durable"},
	"side by side":   {func(c *Cache) { past(c, 64, 71) }, "two writes past the log overlap at sector 71"},
	"over the log":   {func(c *Cache) { past(c, 33) }, "the log has something of a write at sector 33 that goes past it"},
}

// TestWhatWaitsIsCounted: the same of writes that wait for room, of barriers,
// and of what is on its way past the log.
func TestWhatWaitsIsCounted(t *testing.T) {
	waiting.held(t, func(c *Cache, _ *Sequences) error { return c.CheckParts() })
}

// Records that are written again may be durable already, by their own FUA.
func TestDurableAheadOfWritten(t *testing.T) {
	r, _ := lived(t)
	var last Sequences
	r.c.ledgers[block.Cache].failed++
	r.c.writtenSeq--
	if err := r.c.CheckSequences(&last); err != nil {
		t.Error(err)
	}
}

// A cache that is broken goes on with nothing, and owes nothing.
func TestBrokenPartsAreNotLookedAt(t *testing.T) {
	r, p := lived(t)
	r.c.dirty[5]++
	r.c.fail(p, errors.New("a test"))
	if err := r.c.CheckParts(); err != nil {
		t.Error(err)
	}
}
