package disk

import (
	"fmt"
	"os"
)

// image is the content of a disk, stable and volatile. See the package
// comment. It is not safe for concurrent use.
type image struct {
	file     *os.File // the newest content
	undo     []undo   // one for each volatile write, oldest first
	settled  uint64   // number of writes that have left the undo log
	volatile int64    // bytes in the undo log
	limit    int64    // of volatile
	spares   spares   // of the undo log
}

// undo is what one volatile write replaced.
type undo struct {
	off int64
	old []byte
}

func (u undo) end() int64 { return u.off + int64(len(u.old)) }

func (m *image) read(p []byte, off int64) error {
	if _, err := m.file.ReadAt(p, off); err != nil {
		return fmt.Errorf("disk: read: %w", err)
	}
	return nil
}

// write makes p the newest content at off, volatile.
func (m *image) write(p []byte, off int64) error {
	old := m.spares.buffer(len(p))
	if err := m.read(old, off); err != nil {
		return err
	}
	if err := m.put(p, off); err != nil {
		return err
	}
	m.undo = append(m.undo, undo{off, old})
	m.volatile += int64(len(p))
	for m.volatile > m.limit {
		m.settle(m.settled + 1)
	}
	return nil
}

// writeStable makes p the newest and the stable content at off. Volatile
// writes below it are superseded: whatever becomes of them, these sectors
// read p, which is why p is put in the place of what they replaced.
func (m *image) writeStable(p []byte, off int64) error {
	if err := m.put(p, off); err != nil {
		return err
	}
	end := off + int64(len(p))
	for _, u := range m.undo {
		from, to := max(off, u.off), min(end, u.end())
		if from < to {
			copy(u.old[from-u.off:to-u.off], p[from-off:to-off])
		}
	}
	return nil
}

func (m *image) put(p []byte, off int64) error {
	if _, err := m.file.WriteAt(p, off); err != nil {
		return fmt.Errorf("disk: write: %w", err)
	}
	return nil
}

// mark names the newest write, for settle.
func (m *image) mark() uint64 { return m.settled + uint64(len(m.undo)) }

// settle makes all writes up to a mark stable.
func (m *image) settle(mark uint64) {
	for m.settled < mark && len(m.undo) > 0 {
		m.volatile -= int64(len(m.undo[0].old))
		m.spares.release(m.undo[0].old)
		m.undo[0].old = nil
		m.undo = m.undo[1:]
		m.settled++
	}
}
