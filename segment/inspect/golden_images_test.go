package inspect

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// goldenImages are caches of the format version that is written now. Once that
// has been released they never change. Those of version 1 lie beside them: what
// wrote them is long gone. A new version of the format gets images of its own.
var goldenImages = []struct {
	name  string
	build func(testing.TB) []byte
}{
	{"v2-clean", goldenClean},
	{"v2-reused", goldenReused},
	{"v2-damaged", goldenDamaged},
}

// goldenClean is a cache with blocks of 4 KiB, shut down in order.
func goldenClean(t testing.TB) []byte {
	l := newBuilder(t, 4096, 16<<10, 4)
	l.bind(1, "root", 4096, 0xabcd)
	l.bind(7, "home", 8192, 0)
	l.record(true, write{device: 1, lba: 0, sectors: 8})
	l.record(true, write{device: 7, lba: 64, sectors: 8}, write{device: 1, lba: 8, sectors: 8})
	l.record(true, write{device: 1, lba: 0, sectors: 8})
	l.s.DurableSeq, l.s.Clean = l.durable, true
	l.s.Bindings[0].Witness = &segment.Witness{
		Sectors: 4096, Head: []uint32{1, 2, 3}, Tail: []uint32{4, 5}, Marks: []segment.Mark{{LBA: 2050, Sum: 6}}, Samples: []segment.Mark{{LBA: 8, Sum: 7}},
	}
	l.super()
	return l.b
}

// goldenReused is a cache whose ring went round, with several devices, partial
// overwrites, an abandoned past, and a torn tail.
func goldenReused(t testing.TB) []byte {
	l := reused(t)
	*l.byteOf(l.seq, true, 700) ^= 0x40
	return l.b
}

// reused is that cache before its last record was torn.
func reused(t testing.TB) *builder {
	l := newBuilder(t, 512, 8<<10, 6)
	l.bind(5, "data", 2048, 0x5555)
	l.bind(6, "mail", 1024, 0x6666)
	l.bind(9, "old", 512, 0)
	for i := range uint64(16) { // more than a lap
		l.record(i%2 == 1, write{device: 5, lba: 8 * i, sectors: 4}, write{device: 6, lba: 4 * i, sectors: 3})
		if i == 9 {
			l.migrated(2)
		}
	}
	l.migrated(6)
	l.record(true, write{device: 5, lba: 2, sectors: 3}, write{device: 5, lba: 4, sectors: 2}, write{device: 6, lba: 61, sectors: 1}) // overlaps itself
	l.record(true, write{device: 5, lba: 120, sectors: 8})
	end := l.pos
	for i := range uint64(3) { // the past that a crash ends, into a slot that nothing is written to any more
		l.record(false, write{device: 5, lba: 500 + 20*i, sectors: 12})
	}
	*l.byteOf(19, false, 20) ^= 1
	l.resumed(18, end)
	l.s.Bindings[2].State = 2
	l.record(true, write{device: 6, lba: 62, sectors: 2}, write{device: 5, lba: 121, sectors: 1})
	l.record(true, write{device: 6, lba: 100, sectors: 9})
	l.super()
	l.record(false, write{device: 5, lba: 0, sectors: 8})
	return l
}

// goldenDamaged is the same with two places bad that were durable: a header,
// and a payload.
func goldenDamaged(t testing.TB) []byte {
	l := reused(t)
	*l.byteOf(14, false, 9) ^= 0x80
	*l.byteOf(18, true, 100) ^= 1
	return l.b
}
