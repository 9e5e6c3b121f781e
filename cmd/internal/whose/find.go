package whose

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// Find looks for the disk of a binding among some, and says how it is compared to what the log knows: a part of a
// sentence. "" means that it is not there, or nobody can tell.
func Find(paths []string, b *segment.Binding, versions *witness.Versions, log *blockdev.Device) (path, state string) {
	for _, p := range paths {
		if state := match(p, b, versions, log); state != "" {
			return p, state
		}
	}
	return "", ""
}

// match is how a disk is, if it is the one of a binding.
func match(path string, b *segment.Binding, versions *witness.Versions, log *blockdev.Device) string {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return ""
	}
	defer dev.Close()
	d, err := Describe(dev, b.ID, b.Name)
	if err != nil {
		return ""
	}
	identity := d.Identity(b)
	if identity != Same && d.Sectors < b.Sectors {
		return ""
	}
	content, verdict, err := Content(dev, b.Witness, versions, log)
	switch {
	case err != nil || identity != Same && content != Same && (content != Changed || identity == Other):
		return ""
	case verdict != nil && verdict.Changed():
		return "was written to since, or is out of date: " + verdict.String()
	case content == Same:
		return "has nothing on it that was not written through the cache"
	}
	return "is older than this data, unless that was replayed to it, or it was written to since"
}
