package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// openers names a process that has a block device open, or "". The kernel only refuses a second exclusive open; one
// that merely reads or writes is found in the list of its open files.
func openers(node string) string {
	var st unix.Stat_t
	if unix.Stat(node, &st) != nil {
		return ""
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, l := range links {
		if target, err := os.Readlink(l); err != nil || !strings.HasPrefix(target, "/dev/") {
			continue
		}
		var o unix.Stat_t
		if unix.Stat(l, &o) != nil || o.Mode&unix.S_IFMT != unix.S_IFBLK || o.Rdev != st.Rdev {
			continue
		}
		process := filepath.Dir(filepath.Dir(l))
		name, _ := os.ReadFile(process + "/comm")
		return fmt.Sprintf("process %s (%s)", filepath.Base(process), strings.TrimSpace(string(name)))
	}
	return ""
}
