package logcache

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// dropFormer ends what a disk was bound as under other ids, once that is
// detached and the log holds nothing for it: neither data nor records that were
// given up, which without their binding would count again.
func (c *Cache) dropFormer(s *segment.Super, b *segment.Binding) {
	s.Bindings = slices.DeleteFunc(s.Bindings, func(old segment.Binding) bool {
		same := b.Fingerprint != 0 && old.Fingerprint == b.Fingerprint
		return same && old.ID != b.ID && old.State == segment.Detached && c.dirty[old.ID] == 0 && old.GivenUp <= s.MigratedSeq
	})
}
