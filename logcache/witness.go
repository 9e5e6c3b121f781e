package logcache

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// This file keeps the witnesses true while devices are attached; see package
// witness for the rule, and evidence.go for what they are good for.

// Versions are what the log had of the witnessed sectors of a device when it was
// resumed. Once the device was attached they are [witness.Unknown]. Any thread.
func (c *Cache) Versions(dev uint8) *witness.Versions {
	c.lock()
	defer c.unlock()
	return c.versions[dev]
}

// witnessOf is what the binding of a device says, or nil. Any thread.
func (c *Cache) witnessOf(dev uint8) *segment.Witness {
	c.lock()
	defer c.unlock()
	if b := c.super.now.Binding(dev); b != nil {
		return b.Witness
	}
	return nil
}

// witnessed tells whether a write touches what the witness of its backing names.
// Such a write must not bypass the log.
func (c *Cache) witnessed(r *Request) bool {
	b := c.super.now.Binding(r.Volume.ID)
	return b != nil && witness.Covers(b.Witness, r.LBA, uint64(r.Sectors))
}

// changes are what the batch under way will have made of the witnesses. They
// belong to the thread of the background port.
type changes [segment.MaxDevices + 1]struct {
	*witness.Change      // nil: there is no witness,
	asked           bool // if that was asked
}

// Writing tells what the batch will write to a backing, by rising addresses:
// data, or zeroes if it is nil.
func (c *Cache) Writing(e segment.Extent, data []byte) {
	switch ch := c.change(e.Device); {
	case ch == nil:
	case e.Kind.HasPayload():
		ch.Write(e.LBA, data)
	default:
		ch.Zero(e.LBA, uint64(e.Sectors))
	}
}

// LeavingOut tells that the batch leaves out all or part of an extent, for damage.
func (c *Cache) LeavingOut(e segment.Extent) {
	if ch := c.change(e.Device); ch != nil {
		ch.LeftOut(e.LBA, uint64(e.Sectors))
	}
}

// change is that of a device's witness, or nil if it has none.
func (c *Cache) change(dev uint8) *witness.Change {
	ch := &c.changes[dev]
	if !ch.asked {
		ch.asked = true
		if w := c.witnessOf(dev); w != nil {
			ch.Change = witness.NewChange(w, c.scope)
		}
	}
	return ch.Change
}

// witnesses are what the batch has made of them, now that it is durable on the
// backings, by device id.
func (c *changes) witnesses() (ws [segment.MaxDevices + 1]*segment.Witness) {
	for dev := range c {
		if ch := c[dev].Change; ch != nil {
			ws[dev] = ch.Witness()
		}
	}
	return ws
}

// carry enters into the superblock what became of the witnesses.
func (c *changes) carry(s *segment.Super, ws *[segment.MaxDevices + 1]*segment.Witness) {
	for i := range s.Bindings {
		b := &s.Bindings[i]
		switch ch := c[b.ID].Change; {
		case ch == nil:
		case ch.Of() == b.Witness:
			b.Witness = ws[b.ID]
		default: // it was bound anew meanwhile, and nobody has looked
			b.Witness = nil
		}
	}
}
