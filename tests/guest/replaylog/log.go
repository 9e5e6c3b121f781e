package main

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The format is that of the kernel's drivers/md/dm-log-writes.c, version 1: a
// superblock, and then entries one after another, each a sector that describes
// it and the data that was written. Writes that no flush covers are not there
// until one does: the order is that in which things became durable, not that in
// which they were issued. That is so as long as no two flushes overlap; the
// device above must see to it. Addresses count sectors of the size the
// superblock names.
const (
	logMagic   = 0x6a736677736872
	logVersion = 1

	entryBytes = 32

	flagFlush   = 1 << 0
	flagFUA     = 1 << 1
	flagDiscard = 1 << 2
	flagMark    = 1 << 3
)

// entry is a request that the device took, or a mark.
type entry struct {
	Flags  uint64
	Offset int64 // bytes, on the recorded device
	Length int64
	Data   int64 // byte in the log where the data is
	Mark   string
}

func (e *entry) is(flag uint64) bool { return e.Flags&flag != 0 }

// readLog reads all entries that the superblock counts.
func readLog(r io.ReaderAt) ([]entry, error) {
	super := make([]byte, 512)
	if _, err := r.ReadAt(super, 0); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	magic, version, n, size := le.Uint64(super), le.Uint64(super[8:]), le.Uint64(super[16:]), int64(le.Uint32(super[24:]))
	if magic != logMagic || version != logVersion || size < 512 || size > 4096 {
		return nil, fmt.Errorf("not a log of dm-log-writes version %d: magic %#x, version %d, sectors of %d bytes", logVersion, magic, version, size)
	}
	entries := make([]entry, 0, n)
	at := size
	for len(entries) < int(n) {
		e, err := readEntry(r, at, size)
		if err != nil {
			return nil, fmt.Errorf("entry %d of %d, at byte %d: %w", len(entries), n, at, err)
		}
		entries = append(entries, e)
		at = e.Data
		if !e.is(flagDiscard) {
			at += e.Length
		}
	}
	return entries, nil
}

func readEntry(r io.ReaderAt, at, size int64) (entry, error) {
	b := make([]byte, size)
	if _, err := r.ReadAt(b, at); err != nil {
		return entry{}, err
	}
	le := binary.LittleEndian
	e := entry{Offset: int64(le.Uint64(b)) * size, Length: int64(le.Uint64(b[8:])) * size, Flags: le.Uint64(b[16:]), Data: at + size}
	inline := le.Uint64(b[24:])
	if inline > uint64(size-entryBytes) || e.Offset < 0 || e.Length < 0 || e.Length > 1<<30 {
		return entry{}, fmt.Errorf("it makes no sense: %d bytes at %d, %d inline", e.Length, e.Offset, inline)
	}
	if e.is(flagMark) {
		e.Mark = string(b[entryBytes : entryBytes+inline])
	}
	return e, nil
}
