package manager

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
)

// indexBytesPerBlock is what the index takes for a cached block of 4 KiB, at most.
const indexBytesPerBlock = 20

// tooLarge tells what is to be said of a log whose index may take more than
// half of the machine's memory, in bytes, or "". Locked, such an index could
// drive all else out.
func tooLarge(g segment.Geometry, memory uint64) string {
	expected := g.LogBytes() / index.BlockBytes * indexBytesPerBlock
	if memory == 0 || expected <= memory/2 {
		return ""
	}
	return fmt.Sprintf("the index of this log takes %s of memory when the log is full, of %s that the machine has; so it is "+
		"not locked in memory, and devices may stall when it is swapped. More memory or a smaller cache device avoids that",
		humanize.IBytes(expected), humanize.IBytes(memory))
}
