package blockdev

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

func TestMadeFor(t *testing.T) {
	for _, c := range []struct {
		command string
		what    string
		block   uint32
	}{
		{"mkfs.xfs -q -f -s size=512", "XFS", 512},
		{"mkfs.xfs -q -f -s size=4096", "XFS", 4096},
		{"mkfs.ext4 -q -F -b 1024", "ext4", 1024},
		{"mkfs.ext4 -q -F -b 4096", "ext4", 4096},
		{"sgdisk -n1:0:0", "a GPT partition table", 512},
		{"mkfs.btrfs -q -f", "", 0},
		{"true", "", 0},
	} {
		t.Run(c.command, func(t *testing.T) {
			words := strings.Fields(c.command)
			path := kit.Disk(t, "disk", 512<<20)
			kit.Run(t, words[0], append(words[1:], path)...)
			what, block, err := open(t, path, OpenOptions{ReadOnly: true}).MadeFor()
			if err != nil || what != c.what || block != c.block {
				t.Errorf("got %q for %d, %v; want %q for %d", what, block, err, c.what, c.block)
			}
		})
	}
	if what, block, err := open(t, kit.Disk(t, "disk", 512), OpenOptions{ReadOnly: true}).MadeFor(); what != "" || block != 0 || err != nil {
		t.Errorf("of a single sector: %q, %d, %v", what, block, err)
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		what           string
		block, logical uint32
		want           bool
	}{
		{"", 0, 4096, true},
		{"XFS", 512, 4096, false},
		{"XFS", 4096, 512, true},
		{"ext4", 1024, 512, true},
		{"a GPT partition table", 4096, 512, false},
		{"a GPT partition table", 512, 4096, false},
		{"an MBR partition table", 512, 4096, false},
	} {
		if got := Fits(c.what, c.block, c.logical); got != c.want {
			t.Errorf("%s for %d on %d: %v", c.what, c.block, c.logical, got)
		}
	}
}

// What the tools at hand do not make is known by its first bytes.
func TestMadeForByItsBytes(t *testing.T) {
	for _, c := range []struct {
		put   map[int]string
		what  string
		block uint32
	}{
		{map[int]string{3: "NTFS    ", 11: "\x00\x10"}, "a FAT or NTFS file system", 4096},
		{map[int]string{0x52: "FAT32   ", 11: "\x00\x02"}, "a FAT or NTFS file system", 512},
		{map[int]string{0x36: "FAT16   ", 11: "\x00\x08"}, "a FAT or NTFS file system", 2048},
		{map[int]string{4096: "EFI PART"}, "a GPT partition table", 4096},
		{map[int]string{446 + 4: "\x83", 446 + 8: "\x01", 446 + 12: "\x01", 510: "\x55\xaa"}, "an MBR partition table", 512},
	} {
		b := make([]byte, 8192)
		for at, text := range c.put {
			copy(b[at:], text)
		}
		if what, block := madeFor(window{b, 0}); what != c.what || block != c.block {
			t.Errorf("%v: got %q for %d", c.put, what, block)
		}
	}
}
