package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// load measures how busy a disk is, from one sample to the next.
type load struct {
	at    time.Time
	ticks uint64 // ms that the disk had I/O in flight
}

// sample tells how much of the time since the last sample the disk was busy, in %. The first sample, and a file, which
// the kernel keeps no account of, give 0.
func (l *load) sample(now time.Time, disk *blockdev.Device) int {
	if disk.IsFile() {
		return 0
	}
	stat, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/stat", disk.Major(), disk.Minor()))
	if err != nil {
		return 0
	}
	ticks, ok := ioTicks(string(stat))
	if !ok {
		return 0
	}
	return l.take(now, ticks)
}

func (l *load) take(now time.Time, ticks uint64) int {
	elapsed, spent := now.Sub(l.at).Milliseconds(), ticks-l.ticks
	first := l.at.IsZero() || ticks < l.ticks
	l.at, l.ticks = now, ticks
	if first || elapsed <= 0 {
		return 0
	}
	return int(min(100, spent*100/uint64(elapsed)))
}

// ioTicks is the tenth figure of a block device's stat file.
func ioTicks(stat string) (uint64, bool) {
	const field = 9
	fields := strings.Fields(stat)
	if len(fields) <= field {
		return 0, false
	}
	n, err := strconv.ParseUint(fields[field], 10, 64)
	return n, err == nil
}
