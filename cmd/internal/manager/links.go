package manager

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LinkDir is where the nodes of devices are found by name.
const LinkDir = "/dev/lc"

// linkLocked makes the link from a device's name to its node. The device works
// without it, so that a failure is only logged.
func (m *Manager) linkLocked(d *device) {
	node := d.host.Node()
	if node == "" {
		return
	}
	link := filepath.Join(m.linkDir, d.name)
	err := os.MkdirAll(m.linkDir, 0o755)
	if err == nil {
		// Only a link is ever replaced: one that a server left which did not
		// end in order.
		if st, lerr := os.Lstat(link); lerr == nil && st.Mode()&fs.ModeSymlink != 0 {
			err = os.Remove(link)
		}
	}
	if err == nil {
		err = os.Symlink(node, link)
	}
	if err != nil {
		m.log.Warn(fmt.Sprintf("make the link %s: %v", link, err), "device", d.id)
		return
	}
	d.link = link
	if err := announcePartitions("/sys", node); err != nil {
		m.log.Warn(fmt.Sprintf("tell udev of the partitions of %s: %v", node, err), "device", d.id)
	}
}

// announcePartitions has the kernel send a change event for each partition that
// a node has already. Our udev rule names them after the link to the node,
// which is only there now.
func announcePartitions(sys, node string) error {
	events, err := filepath.Glob(filepath.Join(sys, "class/block", filepath.Base(node), "*/partition"))
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range events {
		errs = append(errs, os.WriteFile(filepath.Join(filepath.Dir(p), "uevent"), []byte("change"), 0))
	}
	return errors.Join(errs...)
}

func (m *Manager) unlinkLocked(d *device) {
	if d.link == "" {
		return
	}
	if err := os.Remove(d.link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn(fmt.Sprintf("remove the link: %v", err), "device", d.id)
	}
	d.link = ""
	_ = os.Remove(m.linkDir) // goes with the last link
}
