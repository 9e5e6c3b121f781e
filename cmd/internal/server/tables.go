package server

import (
	"maps"
	"slices"
)

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
