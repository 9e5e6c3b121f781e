package blockdev

import "encoding/binary"

const ownMagic = "ublk-lc\x00"

// signature is a magic number at a fixed place.
type signature struct {
	name   string
	offset int64
	magic  string
}

// startSignatures lie at the start of a device. What is more telling comes
// first: our own cache, what spans other devices, file systems.
var startSignatures = []signature{
	{OwnCache, 0, ownMagic},
	{"LUKS volume", 0, "LUKS\xba\xbe"},
	{"bcache device", 0x1018, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"},
	{"bcachefs", 0x1018, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"},
	{"md RAID member", 0, "\xfc\x4e\x2b\xa9"},
	{"md RAID member", 0x1000, "\xfc\x4e\x2b\xa9"},
	{"dm-writeboost cache", 0, "\x74\x73\x42\x57"},
	{"dm-writecache cache", 0, "\x21\x93\x48\x23"},
	{"dm-cache metadata", 0x18, "\x03\x20\x14\x06\x00\x00\x00\x00"},
	{"dm-integrity device", 0, "integrt\x00"},
	{"VDO volume", 0, "dmvdo001"},
	{"Stratis pool member", 0x204, "!Stra0tis\x86\xff\x02^\x41rh"},
	{"Ceph BlueStore", 0, "bluestore block device"},
	{"xfs", 0, "XFSB"},
	{"btrfs", 0x10040, "_BHRfS_M"},
	{"f2fs", 0x400, "\x10\x20\xf5\xf2"},
	{"erofs", 0x400, "\xe2\xe1\xf5\xe0"},
	{"squashfs", 0, "hsqs"},
	{"reiserfs", 0x10034, "ReIsErFs"},
	{"reiserfs", 0x10034, "ReIsEr2Fs"},
	{"reiserfs", 0x10034, "ReIsEr3Fs"},
	{"jfs", 0x8000, "JFS1"},
	{"gfs2", 0x10000, "\x01\x16\x19\x70"},
	{"swap space", 4096 - 10, "SWAPSPACE2"},
	{"swap space", 65536 - 10, "SWAPSPACE2"},
	{"hibernation image", 4096 - 10, "S1SUSPEND\x00"},
	{"ISO 9660 file system", 0x8001, "CD001"},
	{"UDF", 0x8001, "BEA01"},
	{"NTFS", 3, "NTFS    "},
	{"exFAT", 3, "EXFAT   "},
	{"BitLocker volume", 3, "-FVE-FS-"},
	{"FAT", 0x52, "FAT32   "},
	{"FAT", 0x36, "FAT12   "},
	{"FAT", 0x36, "FAT16   "},
	{"GPT partition table", 512, "EFI PART"},
	{"GPT partition table", 4096, "EFI PART"},
}

func lookAtStart(w window) (all []string) {
	for _, s := range startSignatures {
		if w.has(s.offset, s.magic) {
			all = append(all, s.name)
		}
	}
	for _, look := range []func(window) string{ext, lvm, zfs, mbr} {
		if what := look(w); what != "" {
			all = append(all, what)
		}
	}
	return all
}

func lookAtSecondCopy(w window) []string {
	if w.has(ownSecondCopy, ownMagic) {
		return []string{OwnCache}
	}
	return nil
}

// ext tells ext2, ext3 and ext4 apart by their features.
func ext(w window) string {
	const super, hasJournal = 0x400, 0x4
	// Features that only ext4 has: extents, 64bit, flex_bg and the like; and
	// huge_file, gdt_csum and the like.
	const ext4Incompat, ext4ROCompat = 0x2c0, 0x478
	if !w.has(super+0x38, "\x53\xef") {
		return ""
	}
	features := w.bytes(super+0x5c, 12)
	le := binary.LittleEndian
	switch compat, incompat, ro := le.Uint32(features), le.Uint32(features[4:]), le.Uint32(features[8:]); {
	case incompat&ext4Incompat != 0 || ro&ext4ROCompat != 0:
		return "ext4"
	case compat&hasJournal != 0:
		return "ext3"
	}
	return "ext2"
}

// lvm labels may lie in any of the first four sectors.
func lvm(w window) string {
	for sector := range int64(4) {
		if w.has(sector*512, "LABELONE") && w.has(sector*512+24, "LVM2 001") {
			return "LVM physical volume"
		}
	}
	return ""
}

// zfs has no magic of its own at a fixed place, but rings of uberblocks, one a
// KiB from 128 KiB on in each label.
func zfs(w window) string {
	const ring, label = 128 << 10, 256 << 10
	for off := int64(ring); off < label; off += 1 << 10 {
		if w.has(off, "\x0c\xb1\xba\x00\x00\x00\x00\x00") || w.has(off, "\x00\x00\x00\x00\x00\xba\xb1\x0c") {
			return "ZFS pool member"
		}
	}
	return ""
}

// mbr wants a plausible partition besides the two bytes that any boot sector
// ends with. Our own superblock ends so to tell others that something is there.
func mbr(w window) string {
	switch {
	case !w.has(510, "\x55\xaa") || w.has(0, ownMagic):
		return ""
	case hasPartition(w):
		return "MBR partition table"
	}
	return "boot sector"
}

func hasPartition(w window) bool {
	if !w.has(510, "\x55\xaa") {
		return false
	}
	for i := range int64(4) {
		entry := w.bytes(446+16*i, 16)
		start, length := binary.LittleEndian.Uint32(entry[8:]), binary.LittleEndian.Uint32(entry[12:])
		if entry[0]&0x7f == 0 && entry[4] != 0 && start != 0 && length != 0 {
			return true
		}
	}
	return false
}

// lookAtEnd finds what lies at a distance from the end: the second GPT, and
// older md RAID.
func lookAtEnd(w window, size int64) (all []string) {
	for _, block := range []int64{512, 4096} {
		if w.has(size-block, "EFI PART") {
			all = append(all, "GPT partition table (its second copy)")
		}
	}
	sectors := size / 512
	for _, at := range []int64{(sectors - 16) &^ 7 * 512, (sectors&^127 - 128) * 512} {
		if w.has(at, "\xfc\x4e\x2b\xa9") {
			all = append(all, "md RAID member")
		}
	}
	return all
}
