package blockdev

import (
	"os"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// TestP8ForeignStart: where the first copy of our superblock lies, or lay, what
// another program has put there is told from what is left of the copy.
func TestP8ForeignStart(t *testing.T) {
	const partition = "\x80\x00\x00\x00\x83\x00\x00\x00\x00\x08\x00\x00\x00\x10\x00\x00"
	type put struct {
		at   int64
		what string
	}
	ours, mbrs, boots, ext := put{0, ownMagic}, put{446, ownMBR}, put{510, "\x55\xaa"}, put{0x438, "\x53\xef"}
	for _, c := range []struct {
		name string
		puts []put
		want []string
	}{
		{"nothing", nil, nil},
		{"our copy", []put{ours, mbrs, boots}, nil},
		{"what is left of it", []put{mbrs, boots}, nil},
		{"two bytes in it", []put{ours, mbrs, boots, ext}, nil},
		{"a file system over it", []put{ext}, []string{"ext2"}},
		{"swap space behind it", []put{ours, mbrs, boots, {4086, "SWAPSPACE2"}}, []string{"swap space"}},
		{"partitions over it", []put{boots, {446, partition}}, []string{"MBR partition table"}},
		{"partitions beside our magic", []put{ours, boots, {446, partition}}, []string{"MBR partition table"}},
		{"no partitions, as nothing ends the sector", []put{ours, {446, partition}}, nil},
		{"boot code", []put{boots}, []string{"boot sector"}},
		{"GPT, and the MBR that protects it", []put{boots, {446, partition}, {512, "EFI PART"}}, []string{"GPT partition table"}},
	} {
		d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{ReadOnly: true})
		f, err := os.OpenFile(d.Path(), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c.puts {
			if _, err := f.WriteAt([]byte(p.what), p.at); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := d.ForeignStart(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

// A disk that is gone shows nothing, and says so.
func TestForeignStartOfNothing(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{ReadOnly: true})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := d.ForeignStart(); err == nil {
		t.Errorf("%q of a disk that is closed", got)
	}
}
