package host

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

const (
	fullHeader = 8 << 10 // of a segment whose blocks lie all apart, in bytes
	fullBlocks = (segment.DefaultSegmentSize - fullHeader) / 4096
	fullDevice = 1 << 35 // sectors
)

// scattered is the block of the backing that log block i holds; each is another
// one.
func scattered(i int) uint64 { return uint64(uint32(i) * 2654435761) }

// fullLog makes a file with a log that is full of distinct blocks. Payload is
// left out: as zeroes it even matches the checksums.
func fullLog(b *testing.B, size int64) (path string) {
	b.Helper()
	path = kit.Disk(b, "ssd", size)
	d, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	must(b, err)
	s, err := logcache.Format(d, logcache.FormatOptions{DeviceSize: uint64(size), BlockSize: 4096, Nonce: 1})
	must(b, errors.Join(err, bindFull(d, s), d.Close()))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(b, err)
	img := make([]byte, fullHeader+fullBlocks*4096)
	h := segment.Header{Nonce: 1, Segment: 1, Seq: 1, Extents: fullBlocks, HeaderSectors: fullHeader / 512, PayloadSectors: fullBlocks * 8}
	segment.SealRecord(img, &h, nil)
	for id := uint64(1); id <= s.Geometry.Slots; id++ {
		head := img[:fullHeader]
		binary.LittleEndian.PutUint64(head[24:], id)
		binary.LittleEndian.PutUint64(head[32:], id) // one record to a segment
		binary.LittleEndian.PutUint64(head[40:], id-min(id, 32))
		if id > 1 {
			binary.LittleEndian.PutUint32(head[52:], segment.DefaultSegmentSize/512)
		}
		for i := range fullBlocks {
			segment.PutExtent(head, i, segment.Extent{Device: 1, Kind: segment.Data, LBA: scattered(int(id-1)*fullBlocks+i) * 8, Sectors: 8})
		}
		binary.LittleEndian.PutUint32(head[4:], 0)
		binary.LittleEndian.PutUint32(head[4:], segment.Checksum(head))
		_, err := f.WriteAt(head, s.Geometry.SlotOffset(s.Geometry.Slot(id)))
		must(b, err)
	}
	must(b, errors.Join(f.Sync(), f.Close()))
	return path
}

// blank is a disk without content, of any size.
type blank struct{}

func (blank) Sector(uint64) ([]byte, error) { return make([]byte, segment.SectorSize), nil }

// bindFull binds the device of a full log, with a witness that names all it can:
// a start looks for versions of that.
func bindFull(d *blockdev.Device, s *segment.Super) error {
	w := witness.Capture(blank{}, fullDevice, nil, witness.Default)
	for i := range uint64(segment.MaxMarks) {
		w.Marks = append(w.Marks, segment.Mark{LBA: 1<<20 + i*8191})
	}
	for i := range uint64(segment.MaxSamples) {
		w.Samples = append(w.Samples, segment.Mark{LBA: 1<<25 + i*8191})
	}
	s.Bindings = []segment.Binding{{ID: 1, State: segment.Attached, Sectors: fullDevice, Witness: w}}
	buf, err := mem.Alloc(segment.MaxSuperSize)
	if err != nil {
		return err
	}
	defer mem.Free(buf)
	for range 2 {
		s.Generation++
		if _, err := d.WriteAt(segment.AppendSuper(buf[:0], s), segment.SuperOffset(s.Generation)); err != nil {
			return err
		}
	}
	return nil
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkStartup resumes a full log and reads a block from it. LC_TIB=1 adds
// a log of 1 TiB, which takes 9 GB of disk and 5 GB of memory. TMPDIR says where
// the files are; in a tmpfs there is no device to wait for.
func BenchmarkStartup(b *testing.B) {
	for _, c := range []struct {
		name string
		size int64
		skip bool
	}{
		{"1GiB", 1 << 30, false},
		{"100GiB", 100 << 30, testing.Short()},
		{"1TiB", 1 << 40, os.Getenv("LC_TIB") == ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			if c.skip {
				b.SkipNow()
			}
			path := fullLog(b, c.size)
			took := takeMemory(b, c.size/4096*20)
			b.Logf("the machine gives the memory of the index in %v", took)
			cpu, n := time.Duration(0), 0
			for b.Loop() {
				cpu += startup(b, path)
				n++
			}
			b.ReportMetric(cpu.Seconds()/float64(n), "cpu-s/op")
		})
	}
}

// takeMemory takes so many bytes and gives them back. On a virtual machine whose
// host has to find them first this may take longer than a start, which has no part
// in it. It returns how long.
func takeMemory(b *testing.B, size int64) time.Duration {
	start := time.Now()
	buf, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	must(b, err)
	must(b, unix.Munmap(buf))
	return time.Since(start)
}

// cpuTime is what the process has taken of all processors, in user and system mode.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	must(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// startup returns the time of all processors that it took until the first read.
func startup(b *testing.B, path string) (cpu time.Duration) {
	start, cpuStart := time.Now(), cpuTime(b)
	d, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	must(b, err)
	c, _, err := ResumeCache(1, d, CacheOptions{})
	must(b, err)
	resumed := time.Since(start)
	v := logcache.NewVolume(1, "v", fullDevice, 512)
	v.Freeze()
	bound := segment.Binding{ID: 1, Sectors: fullDevice}
	seen, err := c.core.Examine(v, &bound, blank{}, blank{})
	must(b, err)
	seen.Overrule()
	must(b, c.await(func(done func(error)) { c.core.Attach(v, bound, seen, done) }))
	v.Unfreeze()
	p := logcache.NewPort(func() {})
	p.Submit(&logcache.Request{Volume: v, Op: logcache.Read, LBA: scattered(12345) * 8, Sectors: 8, Buf: page(4096)})
	h := inline.Host{Disks: map[block.Dev]inline.Disk{block.Cache: d}, Fails: func(op *block.Op) error {
		if op.Dev != block.Cache {
			b.Error("a block of the log is read from the backing")
		}
		return nil
	}}
	h.Run(p)
	if a := p.Answers(); len(a) != 1 || a[0].Err != nil {
		b.Fatalf("answers %v", a)
	}
	took := time.Since(start)
	cpu = cpuTime(b) - cpuStart
	st := c.core.Status()
	b.StopTimer()
	b.Logf("resumed in %v, first read after %v", resumed, took)
	b.ReportMetric(float64(st.IndexBytes)/float64(st.DirtyBlocks), "bytes/block")
	b.ReportMetric(float64(st.DirtyBlocks), "blocks")
	must(b, errors.Join(c.worker.stop(), c.core.Free(), d.Close()))
	b.StartTimer()
	return cpu
}
