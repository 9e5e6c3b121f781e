package mem

import "sync/atomic"

// Region is memory that rings may register. A ring knows a registered region by
// its address and the kernel by its pages, so neither may change: the region
// stays mapped until its owner has freed it and every ring has dropped it. A
// ring that forgets to do so costs memory; it never writes other data than it
// was told to.
type Region struct {
	bytes []byte
	holds atomic.Int32 // its owner, and each ring that has it registered; at 0 it is unmapped
	freed atomic.Bool  // by its owner
}

// NewRegion makes a region of at least size bytes, as AllocResident does. It
// belongs to the caller until Free.
func NewRegion(size int) (*Region, error) {
	b, err := AllocResident(size)
	if err != nil {
		return nil, err
	}
	m := &Region{bytes: b}
	m.holds.Store(1)
	return m, nil
}

// Bytes returns the memory. It must not be used after Free, but by who holds it.
func (m *Region) Bytes() []byte { return m.bytes }

// Free gives the region up, at once or with the last ring that has it
// registered. Any thread; a second call does nothing.
func (m *Region) Free() error {
	if m.freed.Swap(true) {
		return nil
	}
	return m.Drop()
}

// Hold keeps the region mapped until Drop; it returns false when it is not any
// more. Any thread.
func (m *Region) Hold() bool {
	for {
		n := m.holds.Load()
		if n == 0 {
			return false
		}
		if m.holds.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Drop ends a Hold, and the last one unmaps the region. Any thread.
func (m *Region) Drop() error {
	if m.holds.Add(-1) > 0 {
		return nil
	}
	return Free(m.bytes)
}
