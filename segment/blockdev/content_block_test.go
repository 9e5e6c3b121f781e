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
