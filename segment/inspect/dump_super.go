package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/segment"
)

func number(b []byte) any {
	switch len(b) {
	case 1:
		return b[0]
	case 2:
		return binary.LittleEndian.Uint16(b)
	case 4:
		return binary.LittleEndian.Uint32(b)
	case 8:
		return binary.LittleEndian.Uint64(b)
	}
	return nil // cut off at the end of the device
}

func text(b []byte) any { return fmt.Sprintf("%q", bytes.TrimRight(b, "\x00")) }

func hexadecimal(b []byte) any {
	if n := number(b); n != nil {
		return fmt.Sprintf("%#x", n)
	}
	return nil
}

func uniqueID(b []byte) any {
	id, err := uuid.FromBytes(b)
	if err != nil {
		return nil
	}
	return id.String()
}

// DumpSuper dumps both copies of the superblock, valid or not.
func (m *Image) DumpSuper() []Section {
	out := make([]Section, len(m.Copies))
	for i := range m.Copies {
		out[i] = m.Copies[i].dump(i)
	}
	return out
}

func (c *Copy) dump(i int) Section {
	k := &cutter{base: c.Offset, b: c.raw}
	k.section.Title = fmt.Sprintf("superblock %c, byte %d", 'A'+i, c.Offset)
	switch {
	case c.Err != nil:
		k.section.Problem = c.Err.Error()
	case c.InForce:
		k.section.Title += ", in force"
	}
	if len(c.raw) < superFixed {
		return k.section
	}
	n := min(int(binary.LittleEndian.Uint32(c.raw[20:])), segment.MaxDevices)
	k.version = binary.LittleEndian.Uint32(c.raw[8:])
	k.identity()
	k.geometry()
	k.progress()
	if c.Err != nil && bytes.Count(c.raw[:superFixed], []byte{0}) == superFixed {
		n = 0
	}
	for range n {
		k.binding()
	}
	if k.version > 1 {
		for range n {
			k.witness()
		}
	}
	return k.section
}

// superFixed is how long a superblock without bindings is, bindingSize each
// binding, and witnessSize each witness. A protective MBR ends the fixed part.
const (
	mbrOffset   = 446
	superFixed  = 512
	bindingSize = 128
	witnessSize = 2048
)

func (k *cutter) identity() {
	k.field(8, "magic", text, "of a superblock")
	k.field(4, "version", number, "of the format")
	k.field(4, "checksum", hexadecimal, "CRC32C of the superblock")
	if k.version > 1 {
		k.field(4, "length", number, "bytes: 512 + 2176 for each binding")
	} else {
		k.field(4, "length", number, "bytes: 512 + 128 for each binding")
	}
	k.field(4, "bindings", number, "how many follow")
	k.field(8, "generation", number, "rises with each update; the higher valid one is in force")
	k.field(16, "uuid", uniqueID, "of the cache")
	k.field(32, "label", text, "for people")
}

func (k *cutter) geometry() {
	k.field(8, "device_size", number, "bytes at format")
	if k.version > 1 {
		k.field(4, "block_size", number, "bytes: the smallest unit of I/O")
	} else {
		k.field(4, "block_size", number, "bytes: records start and end on it")
	}
	k.field(4, "segment_size", number, "bytes")
	k.last(humanize.IBytes(uint64(binary.LittleEndian.Uint32(k.b[92:]))))
	k.field(8, "slots", number, "in the ring")
	k.field(8, "log_offset", number, "byte where slot 0 starts")
	k.field(8, "nonce", hexadecimal, "in every record of this log")
}

func (k *cutter) progress() {
	k.field(8, "epoch", number, "rises with each resume")
	k.field(8, "last_migrated", number, "segment: all data up to it is on the backings")
	k.field(8, "migrated_seq", number, "its last record")
	k.field(8, "durable_seq", number, "records up to it are durable in the log")
	k.field(4, "flags", number, "")
	if binary.LittleEndian.Uint32(k.b[152:])&1 != 0 {
		k.last("clean: the log ends at durable_seq")
	} else {
		k.last("not clean: records may follow durable_seq")
	}
	if k.version > 1 {
		k.field(4, "alignment", number, "bytes: records start and end on it; 0 = the block size")
		k.field(8, "epoch_seq", number, "the last record that the resume of this epoch accepted")
		k.field(8, "compatible", hexadecimal, "features that a program need not know")
		k.field(8, "read_only", hexadecimal, "features that a program which writes must know")
		k.field(8, "incompatible", hexadecimal, "features that every program must know")
	}
	if k.b[superFixed-1] != 0 {
		k.reserved(mbrOffset)
		k.field(16, "mbr", func(b []byte) any { return fmt.Sprintf("% x", b) }, "for other programs: a partition of type 0xee over the disk")
		k.reserved(superFixed - 2)
		k.field(2, "mbr_magic", hexadecimal, "")
	}
	k.reserved(superFixed)
}

func (k *cutter) binding() {
	start := k.at
	k.field(1, "device", number, "id of a binding")
	k.field(1, "state", number, "")
	if k.at == start+2 {
		k.last(stateName(segment.BindingState(k.b[start+1])))
	}
	k.reserved(start + 8)
	k.field(16, "uuid", uniqueID, "of the backing, given at its first attach")
	k.field(8, "sectors", number, "size of the backing")
	k.field(8, "fingerprint", hexadecimal, "of the disk's identity; 0 = none")
	k.field(64, "name", text, "of the device")
	if k.version > 1 {
		k.field(8, "given_up", number, "extents of the device in records up to this one count no more")
	}
	k.reserved(start + bindingSize)
}

// witness is what some places of a backing hold. Of its many checksums the dump
// shows how many there are.
func (k *cutter) witness() {
	start := k.at
	k.field(2, "head", number, "sectors at the start of the backing, with their checksums")
	k.field(2, "tail", number, "and at its end")
	k.field(2, "marks", number, "sectors that look like superblocks")
	k.field(2, "samples", number, "sectors of the last batch that was migrated")
	k.field(8, "sectors", number, "size of the backing; 0 = no witness")
	k.field(start+witnessSize-k.at, "checksums", nil, "of head, tail, marks, samples")
}
