package blockdev

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// host is where the kernel tells about its devices. Tests put a directory of
// their own in its place.
type host struct{ sys, proc, udev string }

var thisHost = host{sys: "/sys", proc: "/proc", udev: "/run/udev"}

// Identity is what the host knows a disk by across restarts, independent of the
// order in which disks are found; "" if it knows it by nothing.
func (d *Device) Identity() string {
	if len(d.identities) == 0 {
		return ""
	}
	return d.identities[0]
}

// Fingerprint is a hash of the disk's [Device.Identity]; 0 if it has none. It
// is what a new binding keeps.
func (d *Device) Fingerprint() uint64 { return fingerprint(d.Identity()) }

// Fingerprints are all the fingerprints by which a binding may know this disk,
// [Device.Fingerprint] first, then those that earlier versions of this program
// made of the same disk; nil if it has none. A binding whose fingerprint is
// among them is this disk's: a comparison with Fingerprint alone would take the
// disk for another one after an upgrade.
func (d *Device) Fingerprints() []uint64 { return fingerprints(d.identities) }

func fingerprints(identities []string) (all []uint64) {
	for _, id := range identities {
		all = append(all, fingerprint(id))
	}
	return all
}

func fingerprint(identity string) uint64 {
	if identity == "" {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(identity))
	if sum := h.Sum64(); sum != 0 {
		return sum
	}
	return 1 // 0 has a meaning
}

// identityFiles are the files below a disk's directory in sysfs that identify
// it, best first. Their order must not change: the same disk would get another
// fingerprint, and be refused by the log that holds its data.
var identityFiles = []string{
	"dm/uuid",       // device mapper
	"md/uuid",       // md
	"wwid",          // NVMe
	"device/wwid",   // SCSI, SATA
	"serial",        // virtio
	"device/cid",    // MMC
	"device/serial", // NVMe controllers, some others
}

// identities are the identity of a block device and then the forms of it that
// earlier versions used; nil if it has none.
func (h host) identities(major, minor uint32) []string {
	dir, err := h.blockDir(major, minor)
	if err != nil {
		return nil
	}
	return h.identitiesOf(dir)
}

func (h host) identitiesOf(dir string) []string {
	if h.exists(dir, "partition") {
		return h.partitionIdentities(dir)
	}
	return h.diskIdentities(dir)
}

func (h host) diskIdentities(dir string) []string {
	if file := h.read(dir, "loop/backing_file"); file != "" {
		return h.loopIdentities(file, h.read(dir, "loop/offset"))
	}
	for _, name := range identityFiles {
		v := h.read(dir, name)
		if v == "" {
			continue
		}
		ids := sameDisk(name, v, filepath.Base(dir))
		if path := h.pathBelow(dir); path != "" && name == "dm/uuid" && strings.HasPrefix(v, "mpath-") && path != ids[0] {
			ids = append([]string{path}, ids...)
		}
		return ids
	}
	if page, err := os.ReadFile(filepath.Join(dir, "device/vpd_pg80")); err == nil && len(page) > 4 {
		return []string{"vpd_pg80=" + strings.TrimSpace(string(page[4:]))}
	}
	return nil
}

// sameDisk frees what an identity file says of what may change while the disk
// stays the same. What it said as it stands is what earlier versions went by.
func sameDisk(file, text, disk string) []string {
	plain := file + "=" + text
	now := plain
	switch file {
	case "dm/uuid":
		if id, ok := strings.CutPrefix(text, "mpath-"); ok {
			now = pathIdentity(id, plain)
		} else if m := cryptUUID.FindString(text); m != "" {
			now = file + "=" + m
		}
	case "device/cid": // one card is several disks
		if _, part, ok := strings.Cut(disk, "boot"); ok {
			now += " boot=" + part
		}
	}
	if now == plain {
		return []string{plain}
	}
	return []string{now, plain}
}

// pathBelow is the identity of a device that another one is built on, such as a
// path of a multipath map; "" if it has none.
func (h host) pathBelow(dir string) string {
	below, _ := os.ReadDir(filepath.Join(dir, "slaves"))
	for _, n := range below {
		lower, err := filepath.EvalSymlinks(filepath.Join(dir, "slaves", n.Name()))
		if err != nil {
			continue
		}
		if ids := h.diskIdentities(lower); len(ids) > 0 {
			return ids[0]
		}
	}
	return ""
}

// cryptUUID is the part of a crypt mapping's UUID that comes from the header on
// the disk; the mapping's name follows.
var cryptUUID = regexp.MustCompile(`^CRYPT-[A-Z0-9]+-[0-9a-f]{32}`)

// pathIdentity is what the paths below a multipath map go by, given what the
// map is called after, for a map that has lost its paths: udev's scsi_id puts
// the kind of a SCSI identifier into one digit, where the kernel writes it out;
// NVMe is the same in both.
func pathIdentity(id, otherwise string) string {
	switch {
	case strings.HasPrefix(id, "3"):
		return "device/wwid=naa." + id[1:]
	case strings.HasPrefix(id, "2"):
		return "device/wwid=eui." + id[1:]
	case strings.HasPrefix(id, "nvme."), strings.HasPrefix(id, "eui."), strings.HasPrefix(id, "uuid."):
		return "wwid=" + id
	}
	return otherwise
}

// partitionIdentities place a partition on its disk. Where the disk has no
// identity the partition's own has to do.
func (h host) partitionIdentities(dir string) []string {
	disk := h.diskIdentities(filepath.Dir(dir))
	for i := range disk {
		disk[i] += fmt.Sprintf(" part=%s start=%s", h.read(dir, "partition"), h.read(dir, "start"))
	}
	if disk != nil {
		return disk
	}
	for line := range strings.Lines(h.read(dir, "uevent") + "\n") {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "PARTUUID="); ok && id != "" {
			return []string{"partuuid=" + id}
		}
	}
	return nil
}

// loopIdentities give a loop device the identity of what lies below it.
func (h host) loopIdentities(file, offset string) []string {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return nil
	}
	var ids []string
	if st.Mode&unix.S_IFMT == unix.S_IFBLK {
		ids = h.identities(unix.Major(st.Rdev), unix.Minor(st.Rdev))
	}
	ids = append(ids, fileIdentity(fd, &st)) // of a disk's node, only earlier versions went by it
	if offset != "" && offset != "0" {
		for i := range ids {
			ids[i] += " offset=" + offset
		}
	}
	return ids
}

// fileIdentity is the inode of a file and the file system it lies on. The
// latter goes by its UUID, or else by what the file system says of itself,
// since device numbers change with the order in which disks are found.
func fileIdentity(fd int, st *unix.Stat_t) string {
	return fmt.Sprintf("fs=%s ino=%d", fileSystemID(fd, st), st.Ino)
}

// fsUUID is struct fsuuid2 of linux/fs.h, as FS_IOC_GETFSUUID fills it.
type fsUUID struct {
	length uint8
	uuid   [16]byte
}

const fsIocGetFSUUID = 0x80111500

func fileSystemID(fd int, st *unix.Stat_t) string {
	var u fsUUID
	if ioctlGet(fd, fsIocGetFSUUID, unsafe.Pointer(&u)) == nil && u.uuid != [16]byte{} {
		return hex.EncodeToString(u.uuid[:])
	}
	var fs unix.Statfs_t
	if unix.Fstatfs(fd, &fs) == nil && fs.Fsid.Val != [2]int32{} {
		return fmt.Sprintf("%08x%08x", uint32(fs.Fsid.Val[0]), uint32(fs.Fsid.Val[1]))
	}
	return fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
}

func (h host) rotational(major, minor uint32) bool { return h.queue(major, minor, "rotational") == "1" }

func (h host) optimalIO(major, minor uint32) uint32 {
	n, err := strconv.ParseUint(h.queue(major, minor, "optimal_io_size"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// discards tells whether a disk can discard, and can zero without being sent
// the zeroes: a discard alone promises nothing.
func (h host) discards(major, minor uint32) bool {
	for _, limit := range []string{"discard_max_bytes", "write_zeroes_max_bytes"} {
		if n := h.queue(major, minor, limit); n == "" || n == "0" {
			return false
		}
	}
	return true
}

// queue reads an attribute of the request queue of a disk, or of a partition's
// disk.
func (h host) queue(major, minor uint32, name string) string {
	dir, err := h.blockDir(major, minor)
	if err != nil {
		return ""
	}
	if h.exists(dir, "partition") {
		dir = filepath.Dir(dir)
	}
	return h.read(dir, "queue/"+name)
}

// blockDir is a block device's own directory in sysfs.
func (h host) blockDir(major, minor uint32) (string, error) {
	return filepath.EvalSymlinks(filepath.Join(h.sys, "dev/block", fmt.Sprintf("%d:%d", major, minor)))
}

func (h host) read(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (h host) exists(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}
