package main

import (
	"fmt"
	"io"
)

const sectorSize = 512

// image is the content of the recorded device. What a recovery writes to it is
// taken back.
type image struct {
	b    []byte
	undo []change
}

type change struct {
	off int64
	old []byte
}

func (m *image) within(b []byte, off int64) error {
	if off < 0 || off+int64(len(b)) > int64(len(m.b)) {
		return fmt.Errorf("%d bytes at %d reach past the end: %w", len(b), off, io.ErrUnexpectedEOF)
	}
	return nil
}

// write changes the image until the next rollback.
func (m *image) write(b []byte, off int64) error {
	if err := m.within(b, off); err != nil {
		return err
	}
	m.undo = append(m.undo, change{off, append([]byte(nil), m.b[off:off+int64(len(b))]...)})
	copy(m.b[off:], b)
	return nil
}

// rollback takes back what was written since the last keep.
func (m *image) rollback() {
	for i := len(m.undo) - 1; i >= 0; i-- {
		copy(m.b[m.undo[i].off:], m.undo[i].old)
	}
	m.undo = m.undo[:0]
}

// keep makes what was written the image.
func (m *image) keep() { m.undo = m.undo[:0] }

// part is a device that lies in an image.
type part struct {
	m          *image
	from, size int64
}

func (p part) inside(b []byte, off int64) error {
	if off < 0 || off+int64(len(b)) > p.size {
		return fmt.Errorf("%d bytes at %d reach past the end of the device: %w", len(b), off, io.ErrUnexpectedEOF)
	}
	return nil
}

func (p part) ReadAt(b []byte, off int64) (int, error) {
	if err := p.inside(b, off); err != nil {
		return 0, err
	}
	return copy(b, p.m.b[p.from+off:]), nil
}

func (p part) WriteAt(b []byte, off int64) (int, error) {
	if err := p.inside(b, off); err != nil {
		return 0, err
	}
	return len(b), p.m.write(b, p.from+off)
}

func (p part) Flush() error { return nil }
