package whose

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// TakenBy names what another program has made of a disk that was a cache, and
// where our first superblock is not any more: "xfs", "GPT partition table". It
// is "" for a cache, also one whose first superblock is damaged, and for a disk
// that shows nothing of a cache.
//
// Most programs write over the first superblock and leave the second, at 512
// KiB, which then looks as good as ever.
func TakenBy(dev *blockdev.Device) (string, error) {
	what, err := dev.Content()
	if err != nil || what != blockdev.OwnCache {
		return "", err
	}
	stands, err := firstStands(dev)
	if err != nil || stands {
		return "", err
	}
	all, err := dev.ForeignStart()
	return strings.Join(all, ", "), err
}

// firstStands tells whether the first superblock is as we wrote it, and nothing
// was put since into the room that a small one leaves behind it, as a partition
// table may be.
func firstStands(dev *blockdev.Device) (bool, error) {
	buf, err := mem.Alloc(segment.MaxSuperSize)
	if err != nil {
		return false, err
	}
	defer mem.Free(buf)
	n := 4096
	for range 2 { // its head says how long it is
		if _, err := dev.ReadAt(buf[:n], 0); err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("read the first superblock: %w", err)
		}
		n = segment.SuperLength(buf[:4096])
	}
	_, err = segment.DecodeSuper(buf)
	newer := errors.Is(err, segment.ErrVersion)
	return newer || err == nil && segment.SuperIsAlone(buf), nil
}

// Taken says of a disk that was a cache that it is another program's now; by is
// what [TakenBy] said.
func Taken(path, by string) string {
	return fmt.Sprintf("%s was a cache once; over its first superblock, %s has been written since", path, by)
}
