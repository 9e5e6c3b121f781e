package server

import (
	"golang.org/x/sys/unix"
)

// usedByUsLocked says which of our caches or devices a disk is in use as, or "".
func (m *Manager) usedByUsLocked(path string) string {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return ""
	}
	same := func(other string) bool {
		var o unix.Stat_t
		if other == "" || unix.Stat(other, &o) != nil || o.Mode&unix.S_IFMT != st.Mode&unix.S_IFMT {
			return false
		}
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			return o.Rdev == st.Rdev
		}
		return o.Dev == st.Dev && o.Ino == st.Ino
	}
	for _, c := range m.caches {
		if same(c.path) {
			return "cache " + itoa(c.id)
		}
	}
	for _, d := range m.devices {
		if same(d.path) {
			return "the backing of device " + itoa(d.id)
		}
		if d.host != nil && same(d.host.Node()) {
			return "the node of device " + itoa(d.id)
		}
	}
	return ""
}
