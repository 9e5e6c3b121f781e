package main

import (
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
)

// The models of DESIGN: an SSD whose flush costs 1 ms, and a disk with seeks.
var (
	ssdModel = disk.Config{Latency: 60 * time.Microsecond, FlushLatency: time.Millisecond, WriteBPS: 60e6, WriteIOPS: 5000}
	hddModel = disk.Config{Size: 4 << 30, Arm: true, Rate: 120e6, FullSeek: 9 * time.Millisecond, Rotation: 4170 * time.Microsecond}
	// slowModel takes ten times as long for everything.
	slowModel = disk.Config{Size: 1 << 30, Arm: true, Rate: 12e6, FullSeek: 90 * time.Millisecond, Rotation: 41700 * time.Microsecond}
)

// dilated is a model that takes n times as long for everything.
func dilated(c disk.Config, n int) disk.Config {
	c.Latency *= time.Duration(n)
	c.FlushLatency *= time.Duration(n)
	c.FullSeek *= time.Duration(n)
	c.Rotation *= time.Duration(n)
	c.Rate /= float64(n)
	c.WriteBPS /= int64(n)
	c.WriteIOPS /= int64(n)
	return c
}
