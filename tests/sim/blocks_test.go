package sim

import (
	"fmt"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// promiseWith is promise in a world of other options.
func promiseWith(t *testing.T, o Options, f func(s *scenario)) {
	t.Helper()
	if v := guard(func() { f(scenarioOf(t, o, witness.Scope{})) }); v != nil {
		t.Fatalf("%v\n%s", v, v.Stack)
	}
}

// largeBlocks are the options of a cache of 512-byte blocks in front of disks of
// 4096-byte ones.
func largeBlocks() Options {
	o := scriptOptions(512)
	o.Blocks = []uint32{4096, 4096}
	return o
}

// TestP2BlockAcrossSegments: a block that the segment has no room for to its end
// goes to the next one as a whole, for a power cut, a batch and a reader find it
// whole.
func TestP2BlockAcrossSegments(t *testing.T) {
	promiseWith(t, largeBlocks(), func(s *scenario) {
		s.fua(0, 0, 8) // leaves 7 sectors
		s.settle()
		s.write(0, 8, 8)
		s.flush(1)
		s.settleCutting()
		if n := s.cache.Status().SealedSeq; n != 2 {
			t.Errorf("two writes of a block are %d records", n)
		}
		s.batch(1)
		s.read(0, 0, 24)
		s.write(1, 0, 40)
		s.flush(0)
		s.settleCutting()
		s.do(s.migrateSteps())
		s.read(1, 0, 40)
		s.settle()
	})
}

// TestP2BlocksOfMergedWrites: batches of one segment each, over neighbours that
// would merge, are of whole blocks whatever the segments' size.
func TestP2BlocksOfMergedWrites(t *testing.T) {
	for _, size := range []uint32{8 << 10, 1 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			o := largeBlocks()
			o.SegmentSize, o.Volumes, o.Blocks = size, []int{8 * 2000}, []uint32{4096}
			promiseWith(t, o, func(s *scenario) {
				blocks := int(size) / 4096 * 5 / 2
				for i := range blocks {
					s.write(0, uint64(8*(i*7%2000)), 8)
					if len(s.idle) < 3 {
						s.settle()
					}
				}
				s.flush(0)
				s.settle()
				s.admin = s.migrateSteps()
				s.settle()
				if st := s.mig.Status(); st.Failed > 0 || s.cache.DirtyBlocks(1) > 0 {
					t.Errorf("%d batches failed (%s), %d blocks are dirty", st.Failed, st.LastError, s.cache.DirtyBlocks(1))
				}
			})
		})
	}
}

// TestP2MixedBlocks: volumes of small and of large blocks share segments and
// records.
func TestP2MixedBlocks(t *testing.T) {
	o := scriptOptions(512)
	o.Blocks = []uint32{4096, 512}
	promiseWith(t, o, func(s *scenario) {
		s.write(1, 3, 2)
		s.write(0, 8, 8)
		s.write(1, 9, 5)
		s.flush(0)
		s.settleCutting()
		s.write(1, 3, 5)
		s.write(0, 8, 16)
		s.discard(0, 16, 8)
		s.flush(0)
		s.settleCutting()
		s.do(s.migrateSteps())
	})
}

// TestP2PartOfABlockIsRefused: what is not of whole blocks is nobody's request.
func TestP2PartOfABlockIsRefused(t *testing.T) {
	promiseWith(t, largeBlocks(), func(s *scenario) {
		for _, r := range []logcache.Request{
			{Op: logcache.Write, LBA: 4, Sectors: 8}, {Op: logcache.Read, LBA: 0, Sectors: 7}, {Op: logcache.Discard, LBA: 1, Sectors: 7},
		} {
			r.Volume, r.Buf = s.vols[0], make([]byte, int(r.Sectors)*sectorSize)
			p := s.ports[0]
			p.Submit(&r)
			if len(p.Answers()) != 1 || r.Err != logcache.ErrUnaligned {
				t.Errorf("op %d of sectors %d+%d: %v", r.Op, r.LBA, r.Sectors, r.Err)
			}
			r.Op = logcache.Write
			s.vols[0].SetBypass(logcache.Bypass{Cutoff: 1})
			p.Submit(&r)
			if len(p.Answers()) != 1 || r.Err != logcache.ErrUnaligned || len(p.Ops()) > 0 {
				t.Errorf("%d sectors at %d went past the log: %v", r.Sectors, r.LBA, r.Err)
			}
		}
	})
}

// TestP6AlignedRecords: records aligned to physical blocks start and end on them,
// whatever goes into them, and are found again.
func TestP6AlignedRecords(t *testing.T) {
	o := scriptOptions(512)
	o.RecordAlign, o.SegmentSize = 4096, 16<<10
	promiseWith(t, o, func(s *scenario) {
		for i := range uint64(6) {
			s.write(0, 5*i, uint32(1+3*i))
			s.fua(1, 2*i, 1)
			s.pump()
			for _, f := range s.s.flights {
				at := f.op.Offset
				if f.op.Dev == block.Cache && f.op.Kind == block.Write && (at|f.op.Bytes())%4096 != 0 {
					t.Errorf("a record of %d bytes at byte %d", f.op.Bytes(), at)
				}
			}
			s.settleCutting()
		}
		s.crash()
		s.do(s.migrateSteps())
	})
}

// TestP6AlignedRecordsPadding: a header that is full to its last byte has room for
// the checksum of the padding behind the payload, which may be a chunk of its own.
func TestP6AlignedRecordsPadding(t *testing.T) {
	o := scriptOptions(512)
	o.RecordAlign, o.SegmentSize = 4096, 64<<10
	promiseWith(t, o, func(s *scenario) {
		for i := range uint64(33) {
			s.write(0, 2*i, 1)
			s.settle()
		}
		s.write(0, 80, 15) // 34 extents of 6 chunks: 80 + 34×12 + 6×4 bytes are 512
		s.flush(0)
		s.settleCutting()
	})
}

// oldLog is a log of which parts of blocks are spread over two batches, and on the
// backing: sectors 8 to 13 in one segment, 14 and 15 in the next, and of the block
// behind only sectors 21 to 23.
func oldLog(t *testing.T, f func(s *scenario)) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 40)
		s.settle()
		s.admin = s.migrateSteps()
		s.settle()
		s.fua(0, 0, 8) // leaves 7 sectors
		s.settle()
		s.fua(0, 8, 8) // 6 of it fit
		s.fua(0, 21, 3)
		s.settle()
		s.cache.CloseCurrent()
		s.settle()
		s.grow()
		s.crash()
		f(s)
	})
}

// TestP2OldLogIsRead: what a log has of a block is put over what the backing has.
func TestP2OldLogIsRead(t *testing.T) {
	oldLog(t, func(s *scenario) {
		s.read(0, 0, 40)
		s.settle()
		s.batch(1) // now a part of block 1 is on the backing, and newer there
		s.read(0, 8, 8)
		s.read(0, 0, 40)
		s.settle()
		s.write(0, 8, 8)
		s.read(0, 0, 24)
		s.settle()
	})
}

// TestP2OldLogIsReadWhileDrained: the part that the log has of a block is drained
// while the rest is read, so that what was read is old.
func TestP2OldLogIsReadWhileDrained(t *testing.T) {
	oldLog(t, func(s *scenario) {
		s.mig.Step(4)
		s.read(0, 16, 8)
		s.pump()
		slow := s.s.flights[s.flight(block.Read, 1)]
		slow.early = true
		slow.d.read(slow.op.Buf, slow.op.Offset)
		for i := 0; i < len(s.s.flights); i++ {
			if s.s.flights[i] != slow {
				s.complete(i)
				i = -1
			}
		}
		if n := s.cache.DirtyBlocks(1); n != 0 {
			t.Errorf("%d blocks are dirty: the read was not overtaken", n)
		}
		s.settle()
	})
}

// TestP4OldLogIsDrained: the disk is given whole blocks, with what it has itself of
// them, and at each end of a batch it is a past state.
func TestP4OldLogIsDrained(t *testing.T) {
	oldLog(t, func(s *scenario) {
		s.do(s.migrateSteps())
		if n := s.cache.DirtyBlocks(1); n != 0 || s.mig.Status().Failed != 0 {
			t.Errorf("%d blocks are dirty, %d batches failed: %s", n, s.mig.Status().Failed, s.mig.Status().LastError)
		}
		s.read(0, 0, 40)
		s.settle()
	})
}

// TestP4OldLogIsDrainedDespiteErrors: the read around a part of a block, or the
// write of the block, fails now and then, or for good.
func TestP4OldLogIsDrainedDespiteErrors(t *testing.T) {
	for _, kind := range []block.Kind{block.Read, block.Write} {
		for _, count := range []int{1, 20} {
			oldLog(t, func(s *scenario) {
				s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{kind}, nth: 2, count: count}}
				for s.mig.Step(4) {
					s.pump()
					s.settleCutting()
				}
				s.crash()
			})
		}
	}
}

// TestP1PhysicalNeighbours: the power fails while a record is written, on a
// disk that loses all of a physical block when it loses a part. A durable
// record that shares it is lost, which nobody can mend; one that is aligned
// shares none.
func TestP1PhysicalNeighbours(t *testing.T) {
	for _, align := range []uint32{0, 4096} {
		o := scriptOptions(512)
		o.Physical, o.RecordAlign, o.SegmentSize = 4096, align, 16<<10
		v := guard(func() {
			s := scenarioOf(t, o, witness.Scope{})
			s.fua(0, 0, 2)
			s.settle()
			s.write(0, 8, 2)
			s.cache.FlushCurrent()
			s.pump()
			for range 200 {
				s.s.cut(s.e.rng, s.image)
				s.sides.try(s.image)
			}
		})
		switch {
		case align == 0 && v == nil:
			t.Error("no harm was done although records share physical blocks: the device is too kind")
		case align != 0 && v != nil:
			t.Errorf("%v\n%s", v, v.Stack)
		}
	}
}
