package blockdev

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// TestBatchReader reads pieces in several goroutines, with rings and without,
// some of them beyond the end.
func TestBatchReader(t *testing.T) {
	const size, piece, reads = 4 << 20, 8 << 10, 3*batchDepth + 1
	want := make([]byte, size)
	rnd := rand.NewChaCha8([32]byte{1})
	_, _ = rnd.Read(want)
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path, OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, rings := range []bool{true, false} {
		r := NewBatchReader(d)
		if !rings {
			r.Close()
			for range batchRings {
				r.rings <- nil
			}
		}
		var wg sync.WaitGroup
		for range 2 * batchRings {
			wg.Go(func() { readPieces(t, r, want, piece, reads) })
		}
		wg.Wait()
		r.Close()
	}
}

// TestBatchReaderOfMemory wants no ring where the kernel would have threads do
// its reads.
func TestBatchReaderOfMemory(t *testing.T) {
	kit.Need(t, kit.Direct("/dev/shm", 4096)) // a tmpfs has it since Linux 6.6
	f, err := os.CreateTemp("/dev/shm", "batch")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(f.Truncate(1<<20), f.Close()); err != nil {
		t.Fatal(err)
	}
	d, err := Open(f.Name(), OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r := NewBatchReader(d)
	defer r.Close()
	for range batchRings {
		ring := <-r.rings
		r.rings <- ring
		if ring != nil {
			t.Fatal("a ring for a file in memory")
		}
	}
}

func readPieces(t *testing.T, r *BatchReader, want []byte, piece, reads int) {
	buf, err := mem.Alloc(reads * piece)
	if err != nil {
		t.Error(err)
		return
	}
	defer mem.Free(buf)
	bufs, offs, errs := make([][]byte, reads), make([]int64, reads), make([]error, reads)
	for i := range bufs {
		bufs[i] = buf[i*piece : (i+1)*piece]
		offs[i] = rand.Int64N(int64(len(want)/4096)) * 4096 // the last ones reach beyond the end
		errs[i] = os.ErrInvalid
	}
	offs[reads-1] = int64(len(want) - 4096)
	r.ReadBatch(bufs, offs, errs)
	for i, off := range offs {
		switch whole := int(off)+piece <= len(want); {
		case whole && (errs[i] != nil || !bytes.Equal(bufs[i], want[off:int(off)+piece])):
			t.Errorf("read at %d: %v", off, errs[i])
		case !whole && errs[i] == nil:
			t.Errorf("read at %d, beyond the end, gave no error", off)
		}
	}
}

// TestBatchReaderGoesOnWithoutARing: a ring that does not work is given up, and
// the reads are done all the same.
func TestBatchReaderGoesOnWithoutARing(t *testing.T) {
	kit.Need(t, kit.Uring)
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{ReadOnly: true})
	r := NewBatchReader(d)
	r.Close()
	made, done := make(chan *uring.Ring), make(chan struct{})
	go func() { // a thread of its own, to which the ring belongs
		runtime.LockOSThread()
		ring, err := uring.New(uring.Config{Entries: batchDepth})
		if err != nil {
			t.Error(err)
		}
		made <- ring
		<-done
	}()
	r.rings <- <-made
	pages, err := mem.Alloc(3 * 4096)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(pages)
	pages[0] = 1
	errs := []error{errors.ErrUnsupported, errors.ErrUnsupported, nil}
	r.ReadBatch([][]byte{pages[:4096], pages[4096:8192], pages[8192:]}, []int64{0, 4096, 1 << 30}, errs)
	close(done)
	if errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], io.EOF) || pages[0] != 0 {
		t.Errorf("%v, %v, %v", errs[0], errs[1], errs[2])
	}
	if ring := <-r.rings; ring != nil {
		t.Error("the ring is still there")
	}
}

// TestBatchReaderOfAClosedDevice: what the kernel says of a read is the error
// of that read.
func TestBatchReaderOfAClosedDevice(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{ReadOnly: true})
	r := NewBatchReader(d)
	defer r.Close()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 2)
	r.ReadBatch([][]byte{make([]byte, 512), make([]byte, 512)}, []int64{0, 512}, errs)
	for _, err := range errs {
		if !errors.Is(err, unix.EBADF) {
			t.Error(err)
		}
	}
}
