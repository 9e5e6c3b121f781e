package index

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The benchmarks run on an index that stays in the processor's cache, and on
// one that holds a hundred gigabytes of blocks.
var benchSizes = []int{10_000, 1_000_000, 26_000_000}

// scatter turns a running number into a block number without a pattern that
// memory could follow: a bijection of 32 bits.
func scatter(i int) uint64 {
	return uint64(uint32(i) * 2654435761)
}

func filled(tb testing.TB, n int) *Index {
	tb.Helper()
	x, err := New(n)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := x.Close(); err != nil {
			tb.Error(err)
		}
	})
	l := mustLoad(tb, x, 1)
	for i := range n {
		l.Put(1, scatter(i), 0xff, int64(i)*8)
	}
	mustFinish(tb, l)
	return x
}

// BenchmarkPutNew puts as many distinct blocks as the index is meant for,
// starting from an empty one each time, so growth is part of it.
func BenchmarkPutNew(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, err := New(n)
			if err != nil {
				b.Fatal(err)
			}
			defer x.Close()
			i := 0
			for b.Loop() {
				if i == n {
					b.StopTimer()
					x.Reset()
					i = 0
					b.StartTimer()
				}
				x.Put(1, scatter(i), 0xff, int64(i)*8)
				i++
			}
		})
	}
}

func benchFilled(b *testing.B, op func(x *Index, i, n int)) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := filled(b, n)
			r := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				op(x, int(r.Uint64N(uint64(n))), n)
			}
		})
	}
}

func BenchmarkPutOverwrite(b *testing.B) {
	benchFilled(b, func(x *Index, i, n int) { x.Put(1, scatter(i), 0xff, int64(i)) })
}

func BenchmarkGetHit(b *testing.B) {
	var out [SectorsPerBlock]Entry
	benchFilled(b, func(x *Index, i, n int) { x.Get(1, scatter(i), &out) })
}

func BenchmarkGetMiss(b *testing.B) {
	var out [SectorsPerBlock]Entry
	benchFilled(b, func(x *Index, i, n int) { x.Get(1, scatter(n+i), &out) })
}

func BenchmarkFindHit(b *testing.B) {
	benchFilled(b, func(x *Index, i, n int) { x.Find(1, scatter(i), 0xff, int64(i)*8) })
}

// BenchmarkRemoveAtPut removes a block and puts it back.
func BenchmarkRemoveAtPut(b *testing.B) {
	benchFilled(b, func(x *Index, i, n int) {
		x.RemoveAt(1, scatter(i), 0xff, int64(i)*8)
		x.Put(1, scatter(i), 0xff, int64(i)*8)
	})
}

// BenchmarkRemoveDeviceStep looks through a part of the index for a device
// that has a hundredth of the blocks.
func BenchmarkRemoveDeviceStep(b *testing.B) {
	x := filled(b, 4_000_000)
	for i := range 40_000 {
		x.Put(2, scatter(i), 0xff, int64(i))
	}
	next := 0
	for b.Loop() {
		if next, _, _ = x.RemoveDeviceStep(2, next); next < 0 {
			next = 0
		}
	}
}

// BenchmarkGetSequential gets the blocks of a 64 KiB request, prefetched and
// not.
func BenchmarkGetSequential(b *testing.B) {
	const request = 16
	for _, prefetch := range []bool{false, true} {
		b.Run(fmt.Sprintf("prefetch=%v", prefetch), func(b *testing.B) {
			x := filled(b, 26_000_000)
			r := rand.New(rand.NewPCG(1, 2))
			var out [SectorsPerBlock]Entry
			for b.Loop() {
				block := uint64(r.Uint32())
				if prefetch {
					x.Prefetch(1, block, request)
				}
				for i := range uint64(request) {
					x.Get(1, block+i, &out)
				}
			}
		})
	}
}

// BenchmarkLoader fills an index as a start does.
func BenchmarkLoader(b *testing.B) {
	for _, n := range benchSizes {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%d/workers=%d", n, workers), func(b *testing.B) {
				for b.Loop() {
					load(b, n, workers)
				}
			})
		}
	}
}

func load(b *testing.B, n, workers int) {
	x, err := New(n)
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	start, cpu := time.Now(), cpuTime(b)
	l := mustLoad(b, x, workers)
	for i := range n {
		l.Put(1, scatter(i), 0xff, int64(i)*8)
	}
	listed := time.Now()
	mustFinish(b, l)
	b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/float64(n), "cpu-ns/entry")
	b.ReportMetric(float64(listed.Sub(start).Nanoseconds())/float64(n), "ns-put/entry")
	b.ReportMetric(float64(time.Since(listed).Nanoseconds())/float64(n), "ns-finish/entry")
	b.ReportMetric(float64(x.Bytes())/float64(n), "bytes/block")
}

// cpuTime is what the process has taken of all processors, in user and system mode.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
