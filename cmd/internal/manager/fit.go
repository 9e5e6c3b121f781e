package manager

import (
	"fmt"
	"strings"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// checkBlockArg refuses a logical block that no node can have; 0 leaves the
// choice to the backing.
func checkBlockArg(block int) error {
	if block != 0 && block != 512 && block != 4096 {
		return control.Errorf(control.BadValue, "a logical block of %d bytes is neither 512 nor 4096", block)
	}
	return nil
}

// blockOf is the logical block of the device to be made, in bytes.
func blockOf(backing *blockdev.Device, a control.CreateArgs) uint32 {
	if a.LogicalBlock == 0 {
		return backing.LogicalBlock()
	}
	return uint32(a.LogicalBlock)
}

// checkSize refuses a backing that is not of whole logical blocks, or beyond
// what a log can address.
func checkSize(backing *blockdev.Device, a control.CreateArgs) error {
	block, least, size := uint64(blockOf(backing, a)), backing.LogicalBlock(), backing.Size()+backing.Rest()
	switch {
	case uint32(block) < least:
		return control.Errorf(control.BadValue, "%s takes I/O in blocks of %d bytes, so a device over it cannot have blocks of %d; leave --logical-block out", a.Path, least, block)
	case size < block:
		return control.Errorf(control.BadValue, "%s has %d bytes, which is less than one block of %d", a.Path, size, block)
	case size%block != 0:
		return control.Errorf(control.BadValue, "%s has %d bytes, which is no multiple of the device's logical block of %d: %s", a.Path, size, block, wayToWholeBlocks(backing, size, block))
	case size/segment.SectorSize > logcache.MaxSectors:
		return control.Errorf(control.BadValue, "%s has %d bytes; a device has at most %d (8 PiB): take a partition or a volume of it", a.Path, size, uint64(logcache.MaxSectors)*segment.SectorSize)
	}
	return nil
}

// wayToWholeBlocks is what an administrator can do about bytes behind the last
// whole block.
func wayToWholeBlocks(backing *blockdev.Device, size, block uint64) string {
	way := ""
	if backing.LogicalBlock() == segment.SectorSize && size%segment.SectorSize == 0 {
		way = "--logical-block 512 takes it as it is"
	}
	if backing.IsFile() {
		if way != "" {
			way += ", or "
		}
		way += fmt.Sprintf("`truncate -s %d %s` fills the last block up", (size+block-1)/block*block, backing.Path())
	}
	if way == "" {
		way = "take a partition or a volume of whole blocks"
	}
	return way
}

// checkServers refuses a device that no cache at hand can serve for its blocks,
// while nobody has built on their size: the cache that holds data for it, or
// else all that are resumed. Who asked for a logical block knows.
func (m *Manager) checkServers(d *device, backing *blockdev.Device, a control.CreateArgs) error {
	block := blockOf(backing, a)
	m.mu.Lock()
	defer m.mu.Unlock()
	var least *cache
	for _, c := range values(m.caches) {
		if c.host == nil || d.waitsFor != 0 && c.id != d.waitsFor {
			continue
		}
		if c.blockSize() <= block {
			return nil
		}
		least = c
	}
	switch {
	case least == nil:
		return nil
	case d.waitsFor != 0:
		return control.Errorf(control.Mismatch, "cache %d holds data for %s, and works in blocks of %d bytes: add --logical-block %d", least.id, a.Path, least.blockSize(), least.blockSize())
	case a.LogicalBlock != 0:
		return nil
	}
	return control.Errorf(control.Mismatch, "no resumed cache could serve a device with blocks of %d bytes, as %s has: cache %d works in blocks of %d. Add --logical-block %d for a device that it can serve, or --logical-block %d for one to be used without it",
		block, a.Path, least.id, least.blockSize(), least.blockSize(), block)
}

// blockSize is the smallest unit of I/O of a cache, in bytes.
func (c *cache) blockSize() uint32 { return c.host.Core().Geometry().BlockSize }

// warnContent says of a backing when its content cannot be used in blocks of
// the device's size.
func (o *operation) warnContent(d *device, backing *blockdev.Device, a control.CreateArgs) error {
	what, madeFor, err := backing.MadeFor()
	if err != nil {
		return err
	}
	if block := blockOf(backing, a); !blockdev.Fits(what, madeFor, block) {
		o.warn("%s holds %s made for blocks of %d bytes; on device %d, whose blocks have %d, it will probably not be readable", a.Path, what, madeFor, d.id, block)
	}
	return nil
}

// oldSignatures warns of what other programs may still take a cache for:
// earlier versions left at format what was there before, save where the
// superblocks are.
func oldSignatures(dev *blockdev.Device) (string, error) {
	all, err := dev.Contents()
	if err != nil || len(all) < 2 {
		return "", err
	}
	return fmt.Sprintf("signatures of something else are on it (%s), of what was there before the cache or came since, and other programs may take it for that and write to it; `wipefs %s` shows where they are, and `wipefs -o OFFSET %s` removes one while the cache is not resumed. Leave PMBR, which is ours",
		strings.Join(all[1:], ", "), dev.Path(), dev.Path()), nil
}
