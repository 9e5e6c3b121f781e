package inspect

import "testing"

// goldenImages are caches of format version 1. They never change: what wrote
// them is long gone. A new version of the format gets images of its own.
var goldenImages = []struct {
	name  string
	build func(testing.TB) []byte
}{
	{"v1-clean", goldenClean},
	{"v1-reused", goldenReused},
	{"v1-damaged", goldenDamaged},
}

// goldenClean is a cache with blocks of 4 KiB, shut down in order.
func goldenClean(t testing.TB) []byte {
	l := newBuilder(t, 4096, 16<<10, 4)
	l.bind(1, "root", 4096, 0xabcd)
	l.bind(7, "home", 8192, 0)
	l.record(true, write{1, 0, 8})
	l.record(true, write{7, 64, 8}, write{1, 8, 8})
	l.record(true, write{1, 0, 8})
	l.s.DurableSeq, l.s.Clean = l.durable, true
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
		l.record(i%2 == 1, write{5, 8 * i, 4}, write{6, 4 * i, 3})
		if i == 9 {
			l.migrated(2)
		}
	}
	l.migrated(6)
	l.record(true, write{5, 2, 3}, write{5, 4, 2}, write{6, 61, 1}) // overlaps itself
	l.record(true, write{5, 120, 8})
	end := l.pos
	for i := range uint64(3) { // the past that a crash ends, into a slot that nothing is written to any more
		l.record(false, write{5, 500 + 20*i, 12})
	}
	*l.byteOf(19, false, 20) ^= 1
	l.resumed(18, end)
	l.s.Bindings[2].State = 2
	l.record(true, write{6, 62, 2}, write{5, 121, 1})
	l.record(true, write{6, 100, 9})
	l.super()
	l.record(false, write{5, 0, 8})
	return l
}

// goldenDamaged is the same with two places bad that were durable: a header, and a payload.
func goldenDamaged(t testing.TB) []byte {
	l := reused(t)
	*l.byteOf(14, false, 9) ^= 0x80
	*l.byteOf(18, true, 100) ^= 1
	return l.b
}
