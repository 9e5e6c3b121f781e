package disk

import (
	"fmt"
	"time"
)

// SectorSize is the unit of addressing, of tearing, and the smallest request.
const SectorSize = 512

// Config says what disk is modelled. The zero value of everything but Size is
// a disk without delay.
type Config struct {
	Size int64 // in bytes, a multiple of SectorSize

	Arm      bool          // a moving arm; otherwise solid
	Rate     float64       // arm: media rate in bytes/s; 0 means 150e6
	FullSeek time.Duration // arm: from the first track to the last; 0 means 9 ms
	Rotation time.Duration // arm: mean rotational delay; 0 means 4.17 ms (7200 rpm)

	Latency      time.Duration // solid: of each read and write, in parallel
	FlushLatency time.Duration // of each flush

	WriteBPS  int64 // bytes written in a second; 0 means no limit
	WriteIOPS int64 // writes in a second; 0 means no limit

	VolatileLimit int64 // unflushed bytes kept; 0 means 64 MiB
}

const (
	defaultRate          = 150e6
	defaultFullSeek      = 9 * time.Millisecond
	defaultRotation      = 4170 * time.Microsecond
	defaultVolatileLimit = 64 << 20
)

func (c Config) withDefaults() Config {
	if c.Rate == 0 {
		c.Rate = defaultRate
	}
	if c.FullSeek == 0 {
		c.FullSeek = defaultFullSeek
	}
	if c.Rotation == 0 {
		c.Rotation = defaultRotation
	}
	if c.VolatileLimit == 0 {
		c.VolatileLimit = defaultVolatileLimit
	}
	return c
}

func (c Config) check() error {
	switch {
	case c.Size <= 0 || c.Size%SectorSize != 0:
		return fmt.Errorf("disk: size %d is no positive multiple of %d", c.Size, SectorSize)
	case c.Rate < 0 || c.FullSeek < 0 || c.Rotation < 0 || c.Latency < 0 || c.FlushLatency < 0:
		return fmt.Errorf("disk: a negative rate or time in %+v", c)
	case c.WriteBPS < 0 || c.WriteIOPS < 0 || c.VolatileLimit < 0:
		return fmt.Errorf("disk: a negative limit in %+v", c)
	}
	return nil
}
