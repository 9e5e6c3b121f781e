package manager

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// notes say of disks in use what an administrator should know of them.
type notes map[*blockdev.Device]string

// WatchSizes notes of each disk in use when its size is another than it was, or
// it became read-only, and logs it once. A device keeps the size that its
// backing had at create, and a cache the one it had at format.
func (m *Manager) WatchSizes() notes {
	caches, devices := m.snapshot()
	now := notes{}
	for i := range caches {
		if c := &caches[i]; c.host != nil {
			now.add(c.host.Dev(), sizeOfCache(c))
			now.add(c.host.Dev(), readOnly("the cache device", c.host.Dev()))
		}
	}
	for i := range devices {
		if d := &devices[i]; d.host != nil {
			now.add(d.host.Backing(), sizeOfBacking(d))
			now.add(d.host.Backing(), readOnly("the backing", d.host.Backing()))
		}
	}
	m.mu.Lock()
	before := m.notes
	m.notes = now
	m.mu.Unlock()
	log := func(dev *blockdev.Device, what string, id uint8) {
		if text := now[dev]; text != before[dev] && text != "" {
			m.log.Warn(dev.Path()+": "+text, what, id)
		}
	}
	for i := range caches {
		if c := &caches[i]; c.host != nil {
			log(c.host.Dev(), "cache", c.id)
		}
	}
	for i := range devices {
		if d := &devices[i]; d.host != nil {
			log(d.host.Backing(), "device", d.id)
		}
	}
	return now
}

// add has a text said beside what is noted already.
func (n notes) add(dev *blockdev.Device, text string) {
	switch {
	case text == "":
	case n[dev] == "":
		n[dev] = text
	default:
		n[dev] += "; " + text
	}
}

func sizeOfCache(c *cache) string {
	was, now := c.host.Dev().Resized()
	if now >= c.host.Super().DeviceSize {
		return "" // more room than at format is not used
	}
	return shrunk("the cache device", was, now)
}

func sizeOfBacking(d *device) string {
	was, now := d.host.Backing().Resized()
	switch {
	case now < was:
		return shrunk("the backing", was, now)
	case now > was:
		detach := ""
		if d.host.Cache() != nil {
			detach = fmt.Sprintf("`lc detach %d`, ", d.id)
		}
		return fmt.Sprintf("the backing has grown from %d to %d bytes; %s`lc remove %d` and `lc create %s %d %s` to use that", was, now, detach, d.id, d.name, d.id, d.path)
	}
	return ""
}

func shrunk(what string, was, now uint64) string {
	return fmt.Sprintf("%s HAS SHRUNK from %d to %d bytes: what lies behind its new end cannot be read or written; give it its size back at once", what, was, now)
}

// readOnly says that a disk in use became read-only, or "". The kernel fails
// each write to it with no more than that it is not permitted.
func readOnly(what string, dev *blockdev.Device) string {
	if !dev.BecameReadOnly() {
		return ""
	}
	return fmt.Sprintf("%s BECAME READ-ONLY, and each write to it fails (operation not permitted); `blockdev --setrw %s` makes it writable, if nothing else protects it", what, dev.Path())
}
