package manager

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// head is the start of a disk, with both superblocks and what most programs
// write there.
func head(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 4<<20)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// owner is a tool that makes a disk its own, and neither asks nor wipes more of
// it than it needs.
type owner struct {
	sign    string // what is there then, as we call it
	command string
	onLoop  bool // it takes block devices only
}

var owners = []owner{
	{"xfs", "mkfs.xfs -q -f -K", false},
	{"LVM physical volume", "pvcreate -q -ff -y", true},
	{"GPT partition table", "sgdisk -n1:0:0", false},
	{"swap space", "mkswap", false},
	{"ext4", "mkfs.ext4 -q -F -E nodiscard", false},
}

// take has the tool make a file, which stands for a disk, its own.
func (o *owner) take(t *testing.T, path string) {
	t.Helper()
	t.Setenv("LVM_SUPPRESS_FD_WARNINGS", "1")
	t.Setenv("DM_DISABLE_UDEV", "1")
	words := strings.Fields(o.command)
	kit.Need(t, kit.Tools(words[0]))
	if o.onLoop {
		kit.Need(t, kit.Loop)
		dev := strings.TrimSpace(kit.Run(t, "losetup", "--find", "--show", path))
		defer kit.Run(t, "losetup", "--detach", dev)
		path = dev
	}
	kit.Run(t, words[0], append(words[1:], path)...)
}

// TestTakenIsAnothers: a disk that was a cache with an empty log, and that
// another program has made its own since, is that program's. It is not resumed,
// and neither wiped nor formatted without a word; nothing on it changes, and it
// can be a backing.
func TestTakenIsAnothers(t *testing.T) {
	for _, o := range owners {
		t.Run(o.sign, func(t *testing.T) {
			t.Setenv("LC_STATE_DIR", t.TempDir())
			m := newManager(t)
			path := disk(t, "cache", 512<<20)
			managertest.Format(t, path)
			o.take(t, path)
			was, words := head(t, path), path+" was a cache once; over its first superblock, "+o.sign+" has been written since"
			refused(t, m, control.HasContent, words, func() error {
				_, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: path}, quiet)
				return err
			})
			for _, verb := range [][]string{{"wipe-cache", path}, {"format-cache", path}, {"check", path}, {"forget", path, "5", "--yes"}} {
				said, err := lc(t, verb...)
				if err == nil || err.Error() != "exit status 4" || !strings.Contains(said, words) || strings.Contains(said, "clean: ") {
					t.Errorf("%s says %q, %v", verb[0], said, err)
				}
			}
			if said, err := m.createIn(t, 5, path, 0); err != nil || !strings.Contains(strings.Join(said, ";"), words) {
				t.Errorf("create says %q, %v", said, err)
			}
			if _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(was, head(t, path)) {
				t.Error("the disk has changed")
			}
			for _, verb := range []string{"format-cache", "wipe-cache"} {
				if said, err := lc(t, verb, "--force", path); err != nil {
					t.Errorf("%s --force: %q, %v", verb, said, err)
				}
			}
		})
	}
}

// write puts bytes at the start of a disk.
func write(t *testing.T, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(b, 0)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestTakenWithData: what is left of the log counts, for the disk that it has
// data of and for what would be written over it; and there is a way on for
// each.
func TestTakenWithData(t *testing.T) {
	t.Setenv("LC_STATE_DIR", t.TempDir())
	m := newManager(t)
	m.record = seen.Default()
	cache, backing := formatted(t), disk(t, "hdd", 64<<20)
	managertest.Hold(t, cache, backing, 7)
	m.remember(t, cache)
	write(t, cache, append([]byte("XFSB"), make([]byte, 4092)...))
	was := head(t, cache)
	create := func(id int, path string, skip ...string) error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "d" + itoa(uint8(id)), ID: id, Path: path, SkipDisks: skip}, quiet)
		return err
	}
	refused(t, m, control.HasContent, "holds data of device 7 (myLV, 64 MiB), over which device 8 would write. `lc replay "+cache+" --device 7 --force-binding --to FILE` saves that; `lc create d8 8 "+cache+" --skip-disk "+cache+"`",
		func() error { return create(8, cache) })
	refused(t, m, control.Mismatch, "`lc replay "+cache+" --device 7 --to "+backing+"` brings that to it, and then `lc create d7 7 "+backing+" --skip-disk "+cache+"`",
		func() error { return create(7, backing) })
	if said, err := lc(t, "replay", cache, "--device", "7", "--to", backing); err != nil || strings.Contains(said, "lc forget") {
		t.Errorf("%q, %v", said, err)
	}
	if err := create(7, backing, cache); err != nil {
		t.Error(err)
	}
	if err := create(8, cache, cache); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(was, head(t, cache)) {
		t.Error("the disk has changed")
	}
}

// TestTakenBesideItsCopy: what is left of a cache that goes on elsewhere is no
// reason to wipe its disk, nor to warn.
func TestTakenBesideItsCopy(t *testing.T) {
	old := foreignCache{path: "/dev/old", super: superOf(formatted(t)), now: "xfs"}
	newer := *old.super
	newer.Epoch, newer.Generation = newer.Epoch+1, newer.Generation+2
	kept, outdated := current([]foreignCache{old, {path: "/dev/new", super: &newer}})
	if len(kept) != 1 || kept[0].path != "/dev/new" || len(outdated) != 0 {
		t.Errorf("%v, %v", kept, outdated)
	}
}

// TestDamagedFirstSuperblock: where nobody else's signature is, the other copy
// will do.
func TestDamagedFirstSuperblock(t *testing.T) {
	for name, damage := range map[string][]byte{"no magic": {0}, "all of it": make([]byte, 4096)} {
		t.Run(name, func(t *testing.T) {
			m := newManager(t)
			path := formatted(t)
			write(t, path, damage)
			refused(t, m, control.HasContent, "is formatted as a cache", func() error {
				_, err := m.createIn(t, 5, path, 0)
				return err
			})
			m.mustResume(t, 3, path)
		})
	}
}

// TestGPTBehindSuperblock: a superblock of one sector leaves room behind it for
// a partition table, and on a disk of 2 TiB and more the protective MBR of that
// is the same as ours.
func TestGPTBehindSuperblock(t *testing.T) {
	m := newManager(t)
	path := formatted(t)
	b := head(t, path)[:4096]
	copy(b[512:], "EFI PART")
	write(t, path, b)
	refused(t, m, control.HasContent, "GPT partition table has been written since", func() error {
		_, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: path}, quiet)
		return err
	})
}

// TestTakenIsNotAdvised: nothing advises to resume what is another program's
// disk now.
func TestTakenIsNotAdvised(t *testing.T) {
	c := &claim{log: "/dev/ssd", now: "xfs"}
	c.binding.ID = 7
	if got := c.take("/dev/hdd"); got != "`lc replay /dev/ssd --device 7 --to /dev/hdd` brings it there" {
		t.Error(got)
	}
}

// TestTakenAndOutOfDate: what is left of a log comes up at each create of the
// disk that went on without it. What create advises does not put that data over
// what was written since, word for word.
func TestTakenAndOutOfDate(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	write(t, cache, append([]byte("XFSB"), make([]byte, 4092)...))
	mounted(t, backing)
	was := content(t, backing)
	err := m.creating(t, "myLV", 5, backing)()
	if err == nil {
		t.Fatal("not refused")
	}
	for i, command := range strings.Split(err.Error(), "`") {
		if i%2 == 1 && strings.HasPrefix(command, "lc replay") {
			said, err := lc(t, strings.Fields(command)[1:]...)
			if err == nil || !strings.Contains(said, "was written to without the cache") {
				t.Errorf("%s: %v: %s", command, err, said)
			}
		}
	}
	if !bytes.Equal(was, content(t, backing)) {
		t.Error("older data went over what is newer")
	}
}

// TestWholeBesideRemains: nothing advises to wipe the last whole copy of a cache,
// although another program's disk has what is left of a newer one.
func TestWholeBesideRemains(t *testing.T) {
	whole := foreignCache{path: "/dev/whole", super: superOf(formatted(t))}
	newer := *whole.super
	newer.Epoch, newer.Generation = newer.Epoch+1, newer.Generation+2
	_, old := current([]foreignCache{whole, {path: "/dev/xfs", super: &newer, now: "xfs"}})
	if len(old) != 1 || strings.Contains(old[0].String(), "wipe-cache") {
		t.Errorf("%v", old)
	}
}
