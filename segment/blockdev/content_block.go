package blockdev

import (
	"encoding/binary"
	"fmt"

	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// MadeFor is the logical block, in bytes, that what lies on a device was made
// for, as far as its first sectors tell, and what that is: "XFS", "a GPT
// partition table". A file system works on smaller blocks too, and on larger
// ones not; a partition table counts in blocks, and is at its place on none but
// its own. Without anything of that kind block is 0.
func (d *Device) MadeFor() (what string, block uint32, err error) {
	b, err := mem.Alloc(8192)
	if err != nil {
		return "", 0, err
	}
	defer mem.Free(b)
	b = b[:min(uint64(len(b)), d.Size())]
	if _, err := d.ReadAt(b, 0); err != nil {
		return "", 0, fmt.Errorf("look what blocks the content is for: %w", err)
	}
	what, block = madeFor(window{b, 0})
	return what, block, nil
}

func madeFor(w window) (what string, block uint32) {
	le, be := binary.LittleEndian, binary.BigEndian
	switch {
	case w.has(0, "XFSB"):
		return "XFS", uint32(be.Uint16(w.bytes(102, 2)))
	case w.has(0x438, "\x53\xef"):
		return ext(w), 1024 << min(le.Uint32(w.bytes(0x418, 4)), 16)
	case w.has(3, "NTFS    "), w.has(0x52, "FAT32   "), w.has(0x36, "FAT1"):
		return "a FAT or NTFS file system", uint32(le.Uint16(w.bytes(11, 2)))
	case w.has(512, "EFI PART"):
		return "a GPT partition table", 512
	case w.has(4096, "EFI PART"):
		return "a GPT partition table", 4096
	case mbr(w) == "MBR partition table":
		return "an MBR partition table", 512
	}
	return "", 0
}

// Fits tells whether content that was made for one logical block can be used on
// a device of another, both in bytes.
func Fits(what string, madeFor, logical uint32) bool {
	switch {
	case madeFor == 0:
		return true
	case what == "a GPT partition table":
		return madeFor == logical
	}
	return madeFor >= logical
}
