package race

import (
	"sync"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// stripe is what one lock of a memory protects: more than a sector, which is
// never torn then, and little, since whoever takes the same lock as another
// thread is ordered after it, and the race detector is blind to what that hides.
const stripe = 16 << 10

// memory is a device.
type memory struct {
	locks []sync.Mutex
	bytes []byte
}

func newMemory(size int) *memory {
	return &memory{locks: make([]sync.Mutex, (size+stripe-1)/stripe), bytes: make([]byte, size)}
}

// each calls f for the parts of a range that one lock protects, under that lock.
func (m *memory) each(offset, n int64, f func(part []byte)) {
	for end := offset + n; offset < end; {
		next := min(end, (offset/stripe+1)*stripe)
		lock := &m.locks[offset/stripe]
		lock.Lock()
		f(m.bytes[offset:next])
		lock.Unlock()
		offset = next
	}
}

func (m *memory) ReadAt(b []byte, offset int64) (int, error) {
	n := 0
	m.each(offset, int64(len(b)), func(part []byte) { n += copy(b[n:], part) })
	return n, nil
}

func (m *memory) WriteAt(b []byte, offset int64) (int, error) {
	n := 0
	m.each(offset, int64(len(b)), func(part []byte) { n += copy(part, b[n:]) })
	return n, nil
}

func (m *memory) Flush() error { return nil }

// do carries an operation out, but does not tell of it.
func (m *memory) do(op *block.Op) {
	switch op.Kind {
	case block.Read:
		_, _ = m.ReadAt(op.Buf, op.Offset)
	case block.Write:
		_, _ = m.WriteAt(op.Buf, op.Offset)
	case block.Discard, block.Zero:
		m.each(op.Offset, op.Length, func(part []byte) { clear(part) })
	}
}
