package cli

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// former is something that a disk held before it became a cache.
type former struct {
	name string
	tool string // that makes it, and is asked for; "" if the test puts the bytes there
	sign string // of blkid
	make func(t *testing.T, path string)
}

const formerSize = 512<<20 + 3*512 // of a length that only fits sectors

var formers = []former{
	{"ext4", "mkfs.ext4", `TYPE="ext4"`, tool("mkfs.ext4 -q -F")},
	{"xfs", "mkfs.xfs", `TYPE="xfs"`, tool("mkfs.xfs -q")},
	{"btrfs", "mkfs.btrfs", `TYPE="btrfs"`, tool("mkfs.btrfs -q")},
	{"swap", "mkswap", `TYPE="swap"`, tool("mkswap")},
	{"GPT and its backup", "sgdisk", `PTTYPE="gpt"`, tool("sgdisk -n1:0:0")},
	{"the backup of a GPT", "sgdisk", `PTTYPE="gpt"`, func(t *testing.T, path string) {
		tool("sgdisk -n1:0:0")(t, path)
		put(t, path, 512, make([]byte, 33*512))
	}},
	{"LUKS1", "cryptsetup", `TYPE="crypto_LUKS"`, tool("cryptsetup luksFormat --batch-mode --type luks1 --pbkdf-force-iterations 1000 --key-file /proc/self/exe --keyfile-size 32")},
	{"the second header of LUKS2", "cryptsetup", `TYPE="crypto_LUKS"`, func(t *testing.T, path string) {
		tool("cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --luks2-metadata-size 4m --luks2-keyslots-size 16m --key-file /proc/self/exe --keyfile-size 32")(t, path)
		put(t, path, 0, make([]byte, 1<<20))
	}},
	{"LVM", "pvcreate", `TYPE="LVM2_member"`, onLoop("pvcreate -q -y")},
	{"bcache", "make-bcache", `TYPE="bcache"`, onLoop("make-bcache -B")},
	{"md 1.2", "", `TYPE="linux_raid_member"`, func(t *testing.T, path string) { put(t, path, 4096, md1(4096)) }},
	{"md 1.1", "", `TYPE="linux_raid_member"`, func(t *testing.T, path string) { put(t, path, 0, md1(0)) }},
	{"md 1.0", "", `TYPE="linux_raid_member"`, func(t *testing.T, path string) {
		const at = (formerSize/512 - 16) &^ 7 * 512
		put(t, path, at, md1(at))
	}},
	{"md 0.90", "", `TYPE="linux_raid_member"`, func(t *testing.T, path string) { put(t, path, (formerSize&^65535)-65536, md0()) }},
	{"zfs labels at the start", "", `TYPE="zfs_member"`, func(t *testing.T, path string) { zfsLabels(t, path, 0, 256<<10) }},
	{"zfs labels at the end", "", `TYPE="zfs_member"`, func(t *testing.T, path string) {
		const end = formerSize &^ (256<<10 - 1)
		zfsLabels(t, path, end-512<<10, end-256<<10)
	}},
	{"a mainboard's RAID", "", `TYPE="promise_fasttrack_raid_member"`, func(t *testing.T, path string) {
		put(t, path, formerSize-3087*512, []byte("Promise Technology, Inc."))
	}},
}

// TestFormatLeavesNoSignature holds format-cache against what the real tools of
// others see. Only a disk that they see nothing of, once it is wiped, and a
// protective MBR on, as long as it is a cache, is one that they leave alone.
func TestFormatLeavesNoSignature(t *testing.T) {
	kit.Need(t, kit.Tools("blkid", "wipefs"))
	for _, f := range formers {
		t.Run(f.name, func(t *testing.T) {
			if f.tool != "" {
				kit.Need(t, kit.Tools(f.tool))
			}
			path := kit.Disk(t, "disk", formerSize)
			f.make(t, path)
			if out := probed(t, path); !strings.Contains(out, f.sign) {
				t.Fatalf("blkid saw %q before, want %s", out, f.sign)
			}
			if err := Format(t.Context(), io.Discard, path, FormatOptions{SegmentSize: "1MiB", Force: true}); err != nil {
				t.Fatal(err)
			}
			if out := probed(t, path); out != `PTTYPE="PMBR"` {
				t.Errorf("blkid sees %q", out)
			}
			if out := run(t, "wipefs", "--noheadings", "--output", "TYPE", path); strings.TrimSpace(out) != "PMBR" {
				t.Errorf("wipefs sees %q", out)
			}
			if err := Wipe(t.Context(), io.Discard, path, false); err != nil {
				t.Fatal(err)
			}
			if out := probed(t, path) + run(t, "wipefs", path); out != "" {
				t.Errorf("of a wiped cache blkid and wipefs see %q", out)
			}
		})
	}
}

// TestOthersAskFirst: programs that make something on a disk notice that there
// is something.
func TestOthersAskFirst(t *testing.T) {
	path := kit.Disk(t, "ssd", formerSize)
	if err := Format(t.Context(), io.Discard, path, FormatOptions{SegmentSize: "1MiB"}); err != nil {
		t.Fatal(err)
	}
	dev := kit.LoopDevice(t, path)
	for _, c := range []struct{ command, says string }{
		{"mkfs.xfs " + dev, "partition table (PMBR)"},
		{"mkfs.btrfs " + dev, "partition table (PMBR)"},
		{"pvcreate " + dev, "PMBR"},
		// This one asks only people.
		{"script -qec 'mkfs.ext4 -E nodiscard " + dev + "' /dev/null", "PMBR partition table"},
	} {
		t.Run(strings.Fields(c.command)[0], func(t *testing.T) {
			kit.Need(t, kit.Tools(strings.Fields(c.command)[0]))
			cmd := exec.Command("sh", "-c", c.command+" </dev/null")
			cmd.Env = append(os.Environ(), "LVM_SUPPRESS_FD_WARNINGS=1", "DM_DISABLE_UDEV=1")
			out, _ := cmd.CombinedOutput()
			if !strings.Contains(string(out), c.says) {
				t.Errorf("%s does not say %q: %s", c.command, c.says, out)
			}
			if err := Format(t.Context(), io.Discard, path, FormatOptions{SegmentSize: "1MiB"}); classify.Classify(err).Code != control.InUse {
				t.Errorf("below a loop device: %v", err)
			}
			what, err := contentOf(dev)
			if err != nil || what != blockdev.OwnCache {
				t.Errorf("then the disk holds %q, %v", what, err)
			}
		})
	}
}

// TestWipefs: it takes away one signature where resume advises so, and all of
// them without harm to a cache, whose second superblock it does not know.
func TestWipefs(t *testing.T) {
	kit.Need(t, kit.Tools("wipefs"))
	path := kit.Disk(t, "ssd", formerSize)
	if err := Format(t.Context(), io.Discard, path, FormatOptions{SegmentSize: "1MiB"}); err != nil {
		t.Fatal(err)
	}
	put(t, path, 4096, md1(4096)) // as an earlier version left it
	err := Format(t.Context(), io.Discard, path, FormatOptions{SegmentSize: "1MiB"})
	if classify.Classify(err).Code != control.HasContent || !strings.Contains(err.Error(), "or came since: md RAID member; --force") {
		t.Errorf("a second format says %v", err)
	}
	run(t, "wipefs", "-o", "0x1000", path)
	for _, command := range []string{"", "-af"} {
		if command != "" {
			run(t, "wipefs", command, path)
		}
		dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		all, err := dev.Contents()
		super, err2 := logcache.ReadSuper(dev)
		if err := errors.Join(err, err2, dev.Close()); err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 || all[0] != blockdev.OwnCache || (super.Other != nil) != (command == "-af") {
			t.Errorf("after wipefs %s: %q, the other copy %v", command, all, super.Other)
		}
	}
}

func contentOf(path string) (string, error) {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return "", err
	}
	what, err := dev.Content()
	return what, errors.Join(err, dev.Close())
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LVM_SUPPRESS_FD_WARNINGS=1", "DM_DISABLE_UDEV=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// probed is what blkid sees on a disk by looking at nothing else.
func probed(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("blkid", "-p", path).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 { // nothing
		err = nil
	}
	if err != nil {
		t.Fatalf("blkid: %v: %s", err, out)
	}
	return strings.TrimSpace(strings.TrimPrefix(string(out), path+":"))
}

func tool(command string) func(*testing.T, string) {
	words := strings.Fields(command)
	return func(t *testing.T, path string) { run(t, words[0], append(words[1:], path)...) }
}

// onLoop runs a tool that takes only block devices.
func onLoop(command string) func(*testing.T, string) {
	words := strings.Fields(command)
	return func(t *testing.T, path string) {
		dev := strings.TrimSpace(run(t, "losetup", "--find", "--show", path))
		defer func() {
			run(t, "losetup", "--detach", dev)
			for run(t, "losetup", "--associated", path) != "" { // while another test looks at all disks
				time.Sleep(time.Millisecond)
			}
		}()
		run(t, words[0], append(words[1:], dev)...)
	}
}

func put(t *testing.T, path string, off int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(b, off)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// md1 is a superblock of md, version 1, as mdadm writes it for a RAID1 of two
// disks. Its array needs the kernel's md, which not every machine has.
func md1(at int64) []byte {
	b, le := make([]byte, 4096), binary.LittleEndian
	le.PutUint32(b[0:], 0xa92b4efc)
	le.PutUint32(b[4:], 1) // major version
	copy(b[16:], "0123456789abcdef")
	copy(b[32:], "host:0")
	le.PutUint32(b[72:], 1)       // level
	le.PutUint64(b[80:], 1000000) // sectors
	le.PutUint32(b[92:], 2)       // disks
	le.PutUint64(b[136:], 1000000)
	le.PutUint64(b[144:], uint64(at/512))
	le.PutUint32(b[220:], 2) // roles
	sum := uint64(0)
	for i := 0; i < 256+2*2; i += 4 {
		sum += uint64(le.Uint32(b[i:]))
	}
	le.PutUint32(b[216:], uint32(sum)+uint32(sum>>32))
	return b
}

// md0 is a superblock of md, version 0.90.
func md0() []byte {
	b, le := make([]byte, 4096), binary.LittleEndian
	le.PutUint32(b[0:], 0xa92b4efc)
	le.PutUint32(b[8:], 90) // minor version
	copy(b[20:], "0123")
	copy(b[52:], "456789abcdef")
	return b
}

// zfsLabels puts the rings of uberblocks of labels where the labels start.
func zfsLabels(t *testing.T, path string, labels ...int64) {
	uberblocks := make([]byte, 128<<10)
	for off := 0; off < len(uberblocks); off += 1 << 10 {
		binary.LittleEndian.PutUint64(uberblocks[off:], 0x00bab10c)
		binary.LittleEndian.PutUint64(uberblocks[off+8:], 5000)
	}
	for _, at := range labels {
		put(t, path, at+128<<10, uberblocks)
	}
}
