package blockdev

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// contentOf probes an image in memory.
func contentOf(t *testing.T, image []byte) string {
	t.Helper()
	p := prober{dev: bytes.NewReader(image), size: int64(len(image)), buf: make([]byte, probeWindow)}
	all, err := p.probe()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

func TestStartSignatures(t *testing.T) {
	for _, s := range startSignatures {
		image := make([]byte, 1<<20)
		copy(image[s.offset:], s.magic)
		if got := contentOf(t, image); got != s.name {
			t.Errorf("%q at %#x: got %q, want %q", s.magic, s.offset, got, s.name)
		}
		if s.offset/probeWindow != (s.offset+int64(len(s.magic))-1)/probeWindow {
			t.Errorf("%s crosses the window", s.name)
		}
	}
}

func TestSignatures(t *testing.T) {
	const size = 2 << 20
	put := func(off int, bytes string) func([]byte) { return func(b []byte) { copy(b[off:], bytes) } }
	for _, c := range []struct {
		name string
		make []func([]byte)
		want string
	}{
		{"blank", nil, ""},
		{"own cache", []func([]byte){put(0, ownMagic)}, OwnCache},
		{"own cache, first copy gone", []func([]byte){put(ownSecondCopy, ownMagic)}, OwnCache},
		{"ext2", []func([]byte){put(0x438, "\x53\xef")}, "ext2"},
		{"ext3", []func([]byte){put(0x438, "\x53\xef"), put(0x45c, "\x04")}, "ext3"},
		{"ext4", []func([]byte){put(0x438, "\x53\xef"), put(0x45c, "\x04"), put(0x460, "\x40")}, "ext4"},
		{"LVM in the second sector", []func([]byte){put(512, "LABELONE"), put(512+24, "LVM2 001")}, "LVM physical volume"},
		{"LVM label of something else", []func([]byte){put(512, "LABELONE")}, ""},
		{"ZFS, only a late uberblock", []func([]byte){put(200<<10, "\x0c\xb1\xba\x00\x00\x00\x00\x00")}, "ZFS pool member"},
		{"MBR with a partition", []func([]byte){put(446, "\x80\x00\x00\x00\x83\x00\x00\x00\x00\x08\x00\x00\x00\x10\x00\x00"), put(510, "\x55\xaa")}, "MBR partition table"},
		{"boot sector", []func([]byte){put(510, "\x55\xaa")}, "boot sector"},
		{"second GPT", []func([]byte){put(size-512, "EFI PART")}, "GPT partition table (its second copy)"},
		{"second GPT, blocks of 4 KiB", []func([]byte){put(size-4096, "EFI PART")}, "GPT partition table (its second copy)"},
		{"md 1.0", []func([]byte){put(size-8192, "\xfc\x4e\x2b\xa9")}, "md RAID member"},
		{"md 0.90", []func([]byte){put(size-65536, "\xfc\x4e\x2b\xa9")}, "md RAID member"},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := make([]byte, size)
			for _, f := range c.make {
				f(image)
			}
			if got := contentOf(t, image); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Our own magic does not hide what was there before.
func TestOldSignaturesBesideOurs(t *testing.T) {
	const size = 2 << 20
	image := make([]byte, size)
	copy(image[ownSecondCopy:], ownMagic)
	copy(image[510:], "\x55\xaa")
	copy(image[446:], "\x00\x00\x02\x00\xee\xff\xff\xff\x01\x00\x00\x00\xff\xff\xff\xff")
	copy(image[0x1000:], "\xfc\x4e\x2b\xa9")
	copy(image[0x10040:], "_BHRfS_M")
	copy(image[size-512:], "EFI PART")
	for _, c := range []struct {
		first string
		more  []string
	}{{ownMagic, nil}, {"", []string{"MBR partition table"}}} {
		copy(image, c.first)
		p := prober{dev: bytes.NewReader(image), size: size, buf: make([]byte, probeWindow)}
		got, err := p.probe()
		want := slices.Concat([]string{OwnCache, "md RAID member", "btrfs"}, c.more, []string{"GPT partition table (its second copy)"})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
		clear(image[:8])
	}
}

// A disk may be smaller than all that is looked at.
func TestSmallDisks(t *testing.T) {
	for _, size := range []int{0, 512, 4096, 8192, 65536, 300 << 10} {
		if got := contentOf(t, make([]byte, size)); got != "" {
			t.Errorf("a blank disk of %d bytes shows %q", size, got)
		}
	}
}

// What real tools make is found.
func TestMadeByTools(t *testing.T) {
	for _, c := range []struct{ want, command string }{
		{"ext2", "mkfs.ext2 -q -F"},
		{"ext3", "mkfs.ext3 -q -F"},
		{"ext4", "mkfs.ext4 -q -F"},
		{"xfs", "mkfs.xfs -q -f"},
		{"btrfs", "mkfs.btrfs -q -f"},
		{"f2fs", "mkfs.f2fs -q -f"},
		{"FAT", "mkfs.vfat"},
		{"NTFS", "mkfs.ntfs -q -F -Q"},
		{"swap space", "mkswap"},
		{"LUKS volume", "cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /proc/self/exe --keyfile-size 32"},
	} {
		t.Run(c.want, func(t *testing.T) {
			words := strings.Fields(c.command)
			path := kit.Disk(t, "disk", 512<<20)
			kit.Run(t, words[0], append(words[1:], path)...)
			d := open(t, path, OpenOptions{ReadOnly: true})
			if got, err := d.Content(); err != nil || got != c.want {
				t.Errorf("got %q, %v", got, err)
			}
			if err := d.CheckEmpty(); !errors.Is(err, ErrHasContent) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("CheckEmpty: %v", err)
			}
		})
	}
}

func TestContentOfBlankFile(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{ReadOnly: true})
	if err := d.CheckEmpty(); err != nil {
		t.Error(err)
	}
	if err := os.Truncate(d.Path(), 0); err != nil {
		t.Fatal(err)
	}
	empty := open(t, d.Path(), OpenOptions{ReadOnly: true})
	if err := empty.CheckEmpty(); err != nil {
		t.Errorf("a disk without any room: %v", err)
	}
}
