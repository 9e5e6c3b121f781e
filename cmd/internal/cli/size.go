package cli

import (
	"strings"

	"github.com/dustin/go-humanize"
)

// parseSize takes a size in bytes. K, M and G alone are powers of 1024, as
// everywhere among disks.
func parseSize(arg string) (uint64, error) {
	s := strings.TrimSpace(arg)
	if n := len(s); n > 0 && strings.ContainsRune("kKmMgGtT", rune(s[n-1])) {
		s += "iB"
	}
	return humanize.ParseBytes(s)
}
