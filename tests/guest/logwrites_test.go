package guest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// recordedPair is a cache device and a backing in one, so that dm-log-writes
// gives the writes of both in one order:
//
//	fast    slow    linear: what the cache is given
//	────loop────    one flush at a time
//	───logged───    log-writes: records on the disk log
//	────pair────    linear
//	ssd      hdd
//
// dm-log-writes files a write under the first flush that was issued after it,
// at the place where that flush completed. Of two flushes under way at once the
// later may complete first: then the record says that a write was durable later
// than it was. The loop driver does not let flushes overlap.
const recordedPair = `export DM_DISABLE_UDEV=1
modprobe dm_log_writes; modprobe loop
s=$(blockdev --getsz $ssd); h=$(blockdev --getsz $hdd)
printf "0 $s linear $ssd 0\n$s $h linear $hdd 0\n" | dmsetup create pair
dmsetup create logged --table "0 $((s+h)) log-writes /dev/mapper/pair $log"
losetup --direct-io=on /dev/loop0 /dev/mapper/logged
dmsetup create fast --table "0 $s linear /dev/loop0 0"
dmsetup create slow --uuid slow --table "0 $h linear /dev/loop0 $s"
lc format-cache --segment-size 64K /dev/mapper/fast
dmsetup message logged 0 mark formatted
lc resume 3 /dev/mapper/fast
lc create myLV 5 /dev/mapper/slow --queues 2
lc attach 5 3
lc set caches/3/force_migrate 1`

// recordedPairEnd takes all of it away in good order, which is recorded as well.
const recordedPairEnd = `export DM_DISABLE_UDEV=1
lc detach 5; lc free-cache 3; lc remove 5; lc shutdown
dmsetup remove fast slow
losetup -d /dev/loop0
dmsetup message logged 0 mark end
dmsetup remove logged
blockdev --flushbufs $log`

// recordedCache is the cache device alone. Nothing is migrated, so the backing
// stays empty and the cache never has two flushes under way. What the other
// rig cannot record is here: the loop driver makes a write and a flush of a
// write with FUA.
const recordedCache = `export DM_DISABLE_UDEV=1
modprobe dm_log_writes
dmsetup create logged --table "0 $(blockdev --getsz $ssd) log-writes $ssd $log"
lc format-cache --segment-size 64K /dev/mapper/logged
dmsetup message logged 0 mark formatted
lc resume 3 /dev/mapper/logged
lc create myLV 5 $hdd --queues 2
lc attach 5 3
lc set caches/3/allow_migrate 0`

const recordedCacheEnd = `export DM_DISABLE_UDEV=1
lc shutdown
dmsetup message logged 0 mark end
dmsetup remove logged
blockdev --flushbufs $log`

// TestP1LogWrites records all that the cache writes to its device, from the
// format to the shutdown, and then recovers from the state at every FLUSH and
// every FUA write, and from some before each of them that lost a part of what
// was not durable.
func TestP1LogWrites(t *testing.T) {
	// 4,000 writes of 6 KiB in the mean fill less than half of the log: from
	// three quarters on it is migrated whether that is allowed or not.
	const ssdSize, hddSize = 64 << 20, 32 << 20
	m, replaylog := bootRecorder(t, ssdSize, hddSize)
	m.sh(recordedCache)
	m.sh("replaylog write /dev/lc/myLV -mark logged -jobs 4 -seconds 6 -most 1000")
	if s := m.status(); s.LastMigratedID != 0 {
		t.Fatalf("%d segments were migrated: the record does not have it all", s.LastMigratedID)
	}
	m.sh(recordedCacheEnd)
	m.checkRecord(replaylog, ssdSize, hddSize)
}

// TestP1LogWritesMigrated does the same with both devices recorded, while the
// log wraps around and is migrated.
func TestP1LogWritesMigrated(t *testing.T) {
	const ssdSize, hddSize = 5 << 20, 32 << 20
	m, replaylog := bootRecorder(t, ssdSize, hddSize)
	m.sh(recordedPair)
	m.sh("replaylog write /dev/lc/myLV -mark logged -jobs 4 -seconds 6")
	s := m.status()
	t.Logf("%d segments migrated, the log has %d slots", s.LastMigratedID, s.Segments)
	if s.LastMigratedID == 0 {
		t.Error("nothing was migrated")
	}
	m.sh(recordedPairEnd)
	m.checkRecord(replaylog, ssdSize, hddSize)
}

// TestP1LogWritesExt4 does it under an ext4 whose files are synced; on some of
// the states the file system is checked and the files are looked for.
func TestP1LogWritesExt4(t *testing.T) {
	const ssdSize, hddSize = 8 << 20, 64 << 20
	m, replaylog := bootRecorder(t, ssdSize, hddSize)
	m.sh(recordedPair)
	m.sh(`mkfs.ext4 -q /dev/lc/myLV
mkdir -p /mnt/fs; mount /dev/lc/myLV /mnt/fs
sync
dmsetup message logged 0 mark fs
replaylog files /mnt/fs -mark logged -jobs 4 -seconds 6
umount /mnt/fs`)
	m.sh(recordedPairEnd)
	m.checkRecord(replaylog, ssdSize, hddSize, "-ext4", "24")
}

// bootRecorder starts a guest with a disk for the record. It returns the
// program that looks through the record as well.
func bootRecorder(t *testing.T, ssdSize, hddSize int64) (m *machine, replaylog string) {
	t.Helper()
	m = boot(t, sized(fast, ssdSize), sized(fast, hddSize), 8*time.Minute, vm.Disk{Name: "log", Model: sized(fast, 1<<30)})
	replaylog = program(t, "./replaylog", "replaylog")
	if err := m.PushFile(m.ctx, "/usr/bin/replaylog", replaylog); err != nil {
		t.Fatal(err)
	}
	return m, replaylog
}

// checkRecord goes through the record on the host. It is kept if a check fails.
func (m *machine) checkRecord(replaylog string, ssdSize, hddSize int64, options ...string) {
	m.t.Helper()
	path := filepath.Join(m.t.TempDir(), "record")
	if err := copySparse(path, m.Disk("log")); err != nil {
		m.t.Fatal(err)
	}
	seed := fmt.Sprint(time.Now().UnixNano())
	args := append([]string{"check", path, "-cache", fmt.Sprint(ssdSize), "-backing", fmt.Sprint(hddSize), "-seed", seed, "-min", "100"}, options...)
	out, err := exec.CommandContext(m.ctx, replaylog, args...).CombinedOutput()
	m.t.Logf("seed %s\n%s", seed, out)
	if err != nil {
		m.keep(path)
		m.t.Fatalf("replaylog %s: %v", strings.Join(args, " "), err)
	}
	// A device that forgets one durable write of forty must be found out.
	args = append(args, "-lose", "40")
	out, err = exec.CommandContext(m.ctx, replaylog, args...).CombinedOutput()
	if err == nil {
		m.t.Errorf("durable writes were forgotten, and nobody noticed:\n%s", out)
	}
	m.t.Logf("with durable writes forgotten: %s", out)
}

// keep leaves a file where the test's end does not remove it.
func (m *machine) keep(path string) {
	kept := filepath.Join(os.TempDir(), fmt.Sprintf("replaylog-%d", time.Now().Unix()))
	if err := os.Rename(path, kept); err != nil {
		m.t.Log(err)
		return
	}
	m.t.Logf("the record is kept as %s; the same arguments repeat the check", kept)
}

// copySparse copies a disk to a file, without its zeroes.
func copySparse(path string, d *disk.Disk) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	size := d.Config().Size
	b, zero := make([]byte, 1<<20), make([]byte, 1<<20)
	for off := int64(0); off < size; off += int64(len(b)) {
		if _, err := d.ReadAt(b, off); err != nil && err != io.EOF {
			return err
		}
		if bytes.Equal(b, zero) {
			continue
		}
		if _, err := f.WriteAt(b, off); err != nil {
			return err
		}
	}
	return f.Truncate(size)
}
