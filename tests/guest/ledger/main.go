// Command ledger writes blocks with fdatasync and says so only afterwards, so
// that somebody who outlives the machine knows what must be there.
//
//	ledger write DEV -jobs N -blocks N -seed N -from V    prints "block version" for each confirmed write
//	ledger read DEV -blocks N                             prints "block version" of what is there
//
// A block is 4 KiB and carries its number and version in each sector. A block
// whose sectors disagree is printed with all its versions.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	blockSize  = 4096
	sectorSize = 512
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: ledger write|read DEV [flags]"))
	}
	fs := flag.NewFlagSet("ledger", flag.ExitOnError)
	jobs := fs.Int("jobs", 4, "writers; each has blocks of its own")
	blocks := fs.Int("blocks", 4096, "blocks in all")
	seed := fs.Uint64("seed", 1, "of the order of blocks")
	from := fs.Uint64("from", 1, "the first version")
	if err := fs.Parse(os.Args[3:]); err != nil {
		fail(err)
	}
	f, err := os.OpenFile(os.Args[2], os.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		fail(err)
	}
	if os.Args[1] == "read" {
		fail(read(f, *blocks))
	}
	fail(write(f, *jobs, *blocks, *seed, *from))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "ledger:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// page is a block that O_DIRECT takes.
func page() []byte {
	raw := make([]byte, 2*blockSize)
	skip := -int(uintptr(unsafe.Pointer(&raw[0]))) & (blockSize - 1)
	return raw[skip : skip+blockSize]
}

func stamp(b []byte, block int, version uint64) {
	for s := 0; s < blockSize; s += sectorSize {
		binary.LittleEndian.PutUint64(b[s:], uint64(block))
		binary.LittleEndian.PutUint64(b[s+8:], version)
		binary.LittleEndian.PutUint32(b[s+16:], crc32.ChecksumIEEE(b[s:s+16]))
	}
}

// write runs until it is killed: each version is written, made durable, and
// only then printed.
func write(f *os.File, jobs, blocks int, seed, from uint64) error {
	var version atomic.Uint64
	version.Store(from)
	var out sync.Mutex
	errs := make(chan error)
	for job := range jobs {
		go func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(job)))
			b := page()
			for {
				block := rnd.IntN(blocks/jobs)*jobs + job
				v := version.Add(1)
				stamp(b, block, v)
				if _, err := f.WriteAt(b, int64(block)*blockSize); err != nil {
					errs <- err
					return
				}
				if err := unix.Fdatasync(int(f.Fd())); err != nil {
					errs <- err
					return
				}
				out.Lock()
				fmt.Println(block, v)
				out.Unlock()
			}
		}()
	}
	return <-errs
}

func read(f *os.File, blocks int) error {
	w := bufio.NewWriter(os.Stdout)
	b := page()
	for block := range blocks {
		if _, err := f.ReadAt(b, int64(block)*blockSize); err != nil {
			return err
		}
		fmt.Fprint(w, block)
		last := ^uint64(0)
		for s := 0; s < blockSize; s += sectorSize {
			v := binary.LittleEndian.Uint64(b[s+8:])
			sum := binary.LittleEndian.Uint32(b[s+16:])
			if n := binary.LittleEndian.Uint64(b[s:]); v != 0 && (n != uint64(block) || sum != crc32.ChecksumIEEE(b[s:s+16])) {
				return fmt.Errorf("block %d sector %d: not what was ever written", block, s/sectorSize)
			}
			if v != last {
				fmt.Fprint(w, " ", v)
			}
			last = v
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
