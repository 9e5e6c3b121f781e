package manager

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// lookAround looks for the claim's disk by its content among what shares sectors
// with another one. log is the claim's, open.
func (c *claim) lookAround(d *whose.Disk, log *blockdev.Device) error {
	if c.binding.Witness == nil || c.content == whose.Same {
		return nil
	}
	for i := range d.Overlaps {
		is, err := c.isOn(d.Overlaps[i].Path, log)
		if err != nil {
			return err
		}
		if is {
			c.around = &d.Overlaps[i]
			return nil
		}
	}
	return nil
}

// isOn tells whether what is at a path has the content of the claim's disk, or
// most of it, and more than the one that is asked about. What cannot be opened,
// such as a volume that is suspended, tells nothing.
func (c *claim) isOn(path string, log *blockdev.Device) (bool, error) {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return false, nil
	}
	content, verdict, err := whose.Content(dev, c.binding.Witness, c.versions, log)
	is := content == whose.Same || content == whose.Changed && verdict.Mostly() && (c.verdict == nil || verdict.Differing() < c.verdict.Differing())
	return is, errors.Join(err, dev.Close())
}

// shared is the claim's disk, if another one shares sectors with it; nil if that
// is not so. By its content alone it is known as long as it is nowhere else, and
// nobody says that it is another.
func (c *claim) shared(d *whose.Disk, distinct bool) *blockdev.Overlap {
	if o := d.Shares(&c.binding); o != nil {
		return o
	}
	if distinct || c.place() != whose.Away {
		return nil
	}
	return c.around
}

// unlessAnother is the way out if what shares sectors with a disk but looks like
// the claim's; else "".
func (c *claim) unlessAnother(d *whose.Disk, o *blockdev.Overlap) string {
	if o != c.around {
		return ""
	}
	return fmt.Sprintf("; only if %s is another disk, that looks like it, %s", o.Path, c.asAnother(d))
}
