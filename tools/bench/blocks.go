package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
)

const (
	dirtyCount = 10_000
	dirtySpan  = 1 << 30
)

// dirtyBlocks are offsets of distinct 4 KiB blocks in random order, always the
// same ones.
func dirtyBlocks() []int64 {
	dice := rand.New(rand.NewPCG(4, 2))
	var list []int64
	for _, block := range dice.Perm(dirtySpan / 4096)[:dirtyCount] {
		list = append(list, int64(block)*4096)
	}
	return list
}

// iolog is a list of writes in fio's format.
func iolog(offsets []int64, sorted bool) []byte {
	if sorted {
		offsets = slices.Sorted(slices.Values(offsets))
	}
	var b bytes.Buffer
	b.WriteString("fio version 2 iolog\nx add\nx open\n")
	for _, off := range offsets {
		fmt.Fprintf(&b, "x write %d 4096\n", off)
	}
	b.WriteString("x close\n")
	return b.Bytes()
}
