package main

import (
	"bytes"
	"slices"
	"testing"
)

func TestDirtyBlocks(t *testing.T) {
	list := dirtyBlocks()
	sorted := slices.Sorted(slices.Values(list))
	if len(list) != dirtyCount || len(slices.Compact(slices.Clone(sorted))) != dirtyCount {
		t.Errorf("%d blocks, not %d distinct ones", len(list), dirtyCount)
	}
	if sorted[0] < 0 || sorted[dirtyCount-1] > dirtySpan-4096 || slices.IsSorted(list) {
		t.Error("blocks outside the span, or not in random order")
	}
	if !slices.Equal(list, dirtyBlocks()) {
		t.Error("other blocks at the second time")
	}
}

func TestIolog(t *testing.T) {
	got := iolog([]int64{8192, 0}, true)
	if want := "fio version 2 iolog\nx add\nx open\nx write 0 4096\nx write 8192 4096\nx close\n"; string(got) != want {
		t.Errorf("%s", got)
	}
	if bytes.Equal(got, iolog([]int64{8192, 0}, false)) {
		t.Error("the order does not matter")
	}
}
