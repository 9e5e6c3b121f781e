package blockdev

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// ownMBR is what our superblock has from byte 446 of its first sector on, for
// programs that do not know it.
const ownMBR = "\x00\x00\x02\x00\xee\xff\xff\xff\x01\x00\x00\x00\xff\xff\xff\xff"

// ForeignStart names what other programs would know as their own in the first
// 256 KiB of a device: where the first copy of our superblock lies, or lay, and
// nothing of a log. The remains of that copy do not count.
func (d *Device) ForeignStart() ([]string, error) {
	b, err := mem.Alloc(probeWindow)
	if err != nil {
		return nil, err
	}
	defer mem.Free(b)
	p := prober{dev: d, size: int64(d.Size()), buf: b}
	w, err := p.read(0)
	if err != nil {
		return nil, err
	}
	return foreign(w), nil
}

func foreign(w window) (all []string) {
	ours, mbrs := w.has(0, ownMagic), w.has(446, ownMBR)
	for _, what := range lookAtStart(w) {
		switch what {
		case OwnCache:
			continue
		case "ext2", "ext3", "ext4": // two bytes, which may stand in a superblock by chance; mkfs clears the sectors before them
			if ours {
				continue
			}
		case "boot sector", "MBR partition table":
			if mbrs {
				continue
			}
		}
		all = append(all, what)
	}
	if ours && !mbrs && hasPartition(w) { // by a tool that leaves the boot code alone, and so our magic
		all = append(all, "MBR partition table")
	}
	if slices.Contains(all, "GPT partition table") { // whose MBR only protects it
		all = slices.DeleteFunc(all, func(what string) bool { return what == "MBR partition table" })
	}
	return all
}
