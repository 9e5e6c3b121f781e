package witness

import (
	"encoding/binary"

	"github.com/ublk-lc/ublk-lc/segment"
)

// What sectors start with, or have at 8 bytes from some place on, that are
// superblocks or headers of file systems and of what lies below them: the bytes
// as a little-endian number.
const (
	xfs      = 'X' | 'F'<<8 | 'S'<<16 | 'B'<<24
	f2fs     = 0xf2f52010
	md       = 0xa92b4efc
	jfs      = 'J' | 'F'<<8 | 'S'<<16 | '1'<<24
	journal  = 0x98393bc0 // of ext3 and ext4
	fsInfo   = 'R' | 'R'<<8 | 'a'<<16 | 'A'<<24
	ntfsLog  = 'R' | 'S'<<8 | 'T'<<16 | 'R'<<24
	gfs2     = 0x70191601
	luks     = 'L' | 'U'<<8 | 'K'<<16 | 'S'<<24
	luksCopy = 'S' | 'K'<<8 | 'U'<<16 | 'L'<<24

	gpt       = 0x5452415020494645 // "EFI PART"
	lvm       = 0x454e4f4c4542414c // "LABELONE"
	integrity = 0x0074726765746e69 // "integrt" 0
	vdo       = 0x3130306f64766d64 // "dmvdo001"
	bluestore = 0x726f747365756c62 // "bluestor"
	lvmText   = 0x5b7820324d564c20 // " LVM2 x[", at 4
	bcache    = 0xf67385c6         // and bcachefs; at 24
	btrfs     = 0x4d5f53665248425f // "_BHRfS_M", at 64
	swap      = 0x4341505350415753 // "SWAPSPAC", at 502
	reiser    = 0x724573496552     // "ReIsEr", at 52, of 6 bytes
)

// LooksLikeSuper tells whether a sector looks like the superblock, or header, of
// a file system, a volume manager, an encrypted disk or the like, whose place is
// not at the start or the end of a disk if it lies in a partition or a volume.
// A mount or an assembly writes to it, as a rule. It is cheap: it is asked for
// each sector that is migrated. The many copies that ext4 keeps are left out.
func LooksLikeSuper(sector []byte) bool {
	le, b := binary.LittleEndian, (*[segment.SectorSize]byte)(sector)
	first := le.Uint64(b[:])
	switch uint32(first) {
	case xfs, f2fs, md, jfs, fsInfo, ntfsLog, gfs2:
		return true
	case luks, luksCopy:
		return b[4] == 0xba && b[5] == 0xbe
	case journal:
		kind := first >> 32 // big endian
		return kind == 3<<24 || kind == 4<<24
	}
	switch first {
	case gpt, lvm, integrity, vdo, bluestore:
		return true
	}
	return le.Uint16(b[56:]) == 0xef53 && isExt(b[:]) ||
		le.Uint64(b[64:]) == btrfs || le.Uint32(b[24:]) == bcache || le.Uint64(b[4:]) == lvmText ||
		le.Uint64(b[52:])&(1<<48-1) == reiser || le.Uint64(b[502:]) == swap ||
		le.Uint16(b[510:]) == 0xaa55 && isBootSector(b[:])
}

// isExt tells whether a sector with the magic of ext2, 3 or 4, of two bytes, is a
// superblock, and the first one of its file system.
func isExt(b []byte) bool {
	le := binary.LittleEndian
	return le.Uint32(b[4:]) != 0 && le.Uint32(b[24:]) <= 6 && le.Uint32(b[76:]) <= 1 && le.Uint16(b[90:]) == 0
}

// isBootSector tells whether a sector that ends like one belongs to FAT, exFAT
// or NTFS.
func isBootSector(b []byte) bool {
	name := string(b[3:11])
	return name == "NTFS    " || name == "EXFAT   " || string(b[54:57]) == "FAT" || string(b[82:87]) == "FAT32"
}
