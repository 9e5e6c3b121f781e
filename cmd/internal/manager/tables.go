package manager

import (
	"maps"
	"slices"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
)

// The protocol states itself how far ids go, and the format has room for as
// many: else this does not compile.
var _ = [1]struct{}{}[control.MaxID-segment.MaxDevices]

// sorted lists the ids of a table, ascending.
func sorted[T any](table map[uint8]T) []uint8 { return slices.Sorted(maps.Keys(table)) }

// values lists the entries of a table by id.
func values[T any](table map[uint8]T) []T {
	list := make([]T, 0, len(table))
	for _, id := range sorted(table) {
		list = append(list, table[id])
	}
	return list
}
