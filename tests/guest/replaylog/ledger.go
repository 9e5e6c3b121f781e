package main

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"flag"

	"golang.org/x/sys/unix"
)

// The ledger workload. Each job has stripes of its own; it writes from half a
// kilobyte to a stripe, some writes one after the other, then it syncs, or the
// last write is a FUA write. Versions rise from write to write of a job.
const (
	stripeSectors = 64
	stripes       = 32 // of each job
)

// ledgerSectors is the size of what the ledger needs.
func ledgerSectors(jobs int) int { return jobs * stripes * stripeSectors }

// write is a write that was announced.
type write struct {
	version uint64
	lba, n  int
}

func (w *write) mark(job int) string { return fmt.Sprintf("w:%d:%d:%d:%d", job, w.version, w.lba, w.n) }

func stamp(b []byte, lba int, job int, version uint64) {
	le := binary.LittleEndian
	for i := 0; i < len(b); i += sectorSize {
		s := b[i : i+sectorSize]
		le.PutUint64(s, uint64(lba+i/sectorSize))
		le.PutUint64(s[8:], uint64(job))
		le.PutUint64(s[16:], version)
		le.PutUint32(s[24:], crc32.ChecksumIEEE(s[:24]))
	}
}

// readStamp is the version that a sector holds; 0 if it was never written.
func readStamp(s []byte, lba, job int) (uint64, error) {
	le := binary.LittleEndian
	at, by, version, sum := le.Uint64(s), le.Uint64(s[8:]), le.Uint64(s[16:]), le.Uint32(s[24:])
	switch {
	case at == 0 && by == 0 && version == 0 && sum == 0:
		return 0, nil
	case sum != crc32.ChecksumIEEE(s[:24]):
		return 0, fmt.Errorf("sector %d is nothing that was ever written", lba)
	case at != uint64(lba) || by != uint64(job):
		return 0, fmt.Errorf("sector %d holds what job %d wrote to sector %d", lba, by, at)
	}
	return version, nil
}

func runWrite(path string, fs *flag.FlagSet, args []string) error {
	l, err := parseLoad(fs, args)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		return err
	}
	return l.all(func(n int) error { return l.writeJob(f, n) })
}

func (l *load) writeJob(f *os.File, job int) error {
	rnd := rand.New(rand.NewPCG(l.seed, uint64(job)))
	raw := make([]byte, stripeSectors*sectorSize+4096)
	skip := -int(uintptr(unsafe.Pointer(&raw[0]))) & 4095
	buf := raw[skip : skip+stripeSectors*sectorSize]
	for version := uint64(0); version < l.most && time.Now().Before(l.until); {
		more, fua := rnd.IntN(4), rnd.IntN(3) == 0
		for i := range more + 1 {
			version++
			w := randomWrite(rnd, job, version)
			if err := l.issue(f, buf, job, w, fua && i == more); err != nil {
				return err
			}
		}
		if !fua {
			if err := unix.Fdatasync(int(f.Fd())); err != nil {
				return err
			}
		}
		if err := l.mark.put(fmt.Sprintf("c:%d:%d", job, version)); err != nil {
			return err
		}
	}
	return nil
}

func randomWrite(rnd *rand.Rand, job int, version uint64) write {
	n := 1 + rnd.IntN(8)
	if rnd.IntN(4) == 0 {
		n = 1 + rnd.IntN(stripeSectors)
	}
	stripe := job*stripes + rnd.IntN(stripes)
	return write{version, stripe*stripeSectors + rnd.IntN(stripeSectors-n+1), n}
}

// issue announces a write and does it.
func (l *load) issue(f *os.File, buf []byte, job int, w write, fua bool) error {
	if err := l.mark.put(w.mark(job)); err != nil {
		return err
	}
	b := buf[:w.n*sectorSize]
	stamp(b, w.lba, job, w.version)
	flags := 0
	if fua {
		flags = unix.RWF_DSYNC
	}
	n, err := unix.Pwritev2(int(f.Fd()), [][]byte{b}, int64(w.lba)*sectorSize, flags)
	if err == nil && n != len(b) {
		err = fmt.Errorf("wrote %d of %d bytes", n, len(b))
	}
	return err
}

// ledger is what the marks so far say.
type ledger struct {
	jobs []history
}

type history struct {
	writes    []write // versions 1, 2, 3 ...
	confirmed uint64
}

func (l *ledger) job(field string) (*history, error) {
	n, err := strconv.Atoi(field)
	if err != nil || n < 0 || n > 100 {
		return nil, fmt.Errorf("job %q", field)
	}
	for len(l.jobs) <= n {
		l.jobs = append(l.jobs, history{})
	}
	return &l.jobs[n], nil
}

// announce takes a mark w in.
func (l *ledger) announce(fields []string) error {
	var w write
	h, err := l.job(fields[0])
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(fields[1]+" "+fields[2]+" "+fields[3], &w.version, &w.lba, &w.n); err != nil {
		return err
	}
	if w.version != uint64(len(h.writes))+1 {
		return fmt.Errorf("version %d follows %d", w.version, len(h.writes))
	}
	h.writes = append(h.writes, w)
	return nil
}

// confirm takes a mark c in.
func (l *ledger) confirm(fields []string) error {
	h, err := l.job(fields[0])
	if err != nil {
		return err
	}
	h.confirmed, err = strconv.ParseUint(fields[1], 10, 64)
	return err
}

// verify compares what a device holds. For each job it must be a prefix of its
// writes that goes at least to what was confirmed and at most to what was
// announced; only the last write of it may be there in part.
func (l *ledger) verify(versions []uint64) error {
	for j := range l.jobs {
		from := j * stripes * stripeSectors
		if err := l.jobs[j].verify(versions[from:from+stripes*stripeSectors], from); err != nil {
			return fmt.Errorf("job %d: %w", j, err)
		}
	}
	return nil
}

func (h *history) verify(versions []uint64, from int) error {
	newest := slices.Max(versions)
	if newest > uint64(len(h.writes)) {
		return fmt.Errorf("version %d is there and was not issued yet", newest)
	}
	if newest < h.confirmed {
		return fmt.Errorf("version %d was durable, and %d is the newest there", h.confirmed, newest)
	}
	want, before := make([]uint64, len(versions)), make([]uint64, len(versions))
	for _, w := range h.writes[:newest] {
		for i := w.lba - from; i < w.lba-from+w.n; i++ {
			want[i], before[i] = w.version, want[i]
		}
	}
	for i, v := range versions {
		inPart := want[i] == newest && newest > h.confirmed && v == before[i]
		if v != want[i] && !inPart {
			return fmt.Errorf("sector %d holds version %d, it should be %d (%d is durable, %d the newest there, %d the newest issued)",
				from+i, v, want[i], h.confirmed, newest, len(h.writes))
		}
	}
	return nil
}
