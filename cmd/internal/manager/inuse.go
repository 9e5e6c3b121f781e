package manager

import "github.com/ublk-lc/ublk-lc/segment/blockdev"

// place is what a path leads to. It is looked up before the manager's lock is
// taken: a file system whose server is gone never answers.
type place struct {
	key  blockdev.Key
	node string // what the kernel calls a block device
}

func lookUp(path string) place {
	st, err := stat(path)
	if err != nil {
		return place{}
	}
	key := blockdev.KeyOf(st)
	return place{key, key.Node()}
}

// usedByUsLocked says which of our caches or devices, but for one, a disk is in
// use as, or "".
func (m *Manager) usedByUsLocked(at place, but *device) string {
	if at.key == (blockdev.Key{}) {
		return ""
	}
	for _, c := range m.caches {
		if c.diskLocked() == at.key {
			return "cache " + itoa(c.id)
		}
	}
	for _, d := range m.devices {
		switch {
		case d.diskLocked() == at.key && d != but:
			return "the backing of device " + itoa(d.id)
		case at.node != "" && d.host != nil && d.host.Node() == at.node:
			return "the node of device " + itoa(d.id)
		}
	}
	return ""
}

// diskLocked is what the cache has open, or is about to.
func (c *cache) diskLocked() blockdev.Key {
	if c.host == nil {
		return c.at
	}
	return c.host.Dev().Key()
}

// diskLocked is the backing that the device has open, or is about to.
func (d *device) diskLocked() blockdev.Key {
	if d.host == nil {
		return d.at
	}
	return d.host.Backing().Key()
}

// openNumbers are the numbers of the block devices that this server has open.
func (m *Manager) openNumbers() (numbers []uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.caches {
		numbers = append(numbers, c.diskLocked().Number)
	}
	for _, d := range m.devices {
		numbers = append(numbers, d.diskLocked().Number)
	}
	return numbers
}
