package manager

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// knownAlone says of a disk that is known as a claim's by its content alone that
// this is all there is to go by, unless another disk has that too: then nothing
// tells.
func (m *Manager) knownAlone(o *operation, d *whose.Disk, c *claim, skip []string, r *ruling) (err error) {
	if r.double, err = m.double(o, d, c, skip); err != nil {
		return err
	}
	if r.double != "" {
		r.unidentified, r.byContent = true, false
		return nil
	}
	o.warn("%s. If it is a copy, and the disk is away, do not attach it", c.alone(d))
	return nil
}

// double finds another disk of this host with just the content by which one is
// known as a claim's: one of the two is a copy, and nothing tells which. "" if
// there is none. What shares sectors with the disk is no other one, and what a
// device of ours has is not asked.
func (m *Manager) double(o *operation, d *whose.Disk, c *claim, skip []string) (string, error) {
	not, err := allBut(skip, m.openNumbers()...)
	if err != nil {
		return "", err
	}
	paths, err := m.disks("/sys", not.numbers)
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		if path == d.Path || slices.ContainsFunc(d.Overlaps, func(o blockdev.Overlap) bool { return o.Path == path }) {
			continue
		}
		same, err := patiently(o, path, func() bool { return c.fits(path) })
		if err != nil || same {
			return path, err
		}
	}
	return "", nil
}

// fits tells whether a disk has just the content of the claim's. One that cannot
// be read has not.
func (c *claim) fits(path string) bool {
	disk, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return false
	}
	defer disk.Close()
	other := *c
	return other.look(&whose.Disk{}, disk) == nil && other.content == whose.Same
}
