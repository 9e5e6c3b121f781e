package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// LinkDir is where the nodes of devices are found by name.
const LinkDir = "/dev/lc"

// linkLocked makes the link from a device's name to its node. The device works without it, so that a failure is only
// logged.
func (m *Manager) linkLocked(d *device) {
	node := d.host.Node()
	if node == "" {
		return
	}
	link := filepath.Join(m.linkDir, d.name)
	err := os.MkdirAll(m.linkDir, 0o755)
	if err == nil {
		// Only a link is ever replaced: one that a server left which did not end in order.
		if st, lerr := os.Lstat(link); lerr == nil && st.Mode()&fs.ModeSymlink != 0 {
			err = os.Remove(link)
		}
	}
	if err == nil {
		err = os.Symlink(node, link)
	}
	if err != nil {
		m.logf("device %d: make the link %s: %v", d.id, link, err)
		return
	}
	d.link = link
}

func (m *Manager) unlinkLocked(d *device) {
	if d.link == "" {
		return
	}
	if err := os.Remove(d.link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.logf("device %d: remove the link: %v", d.id, err)
	}
	d.link = ""
	_ = os.Remove(m.linkDir) // goes with the last link
}
