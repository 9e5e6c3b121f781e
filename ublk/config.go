package ublk

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
)

// Config describes a device. The zero value of a field means the default, where
// one is given.
type Config struct {
	ID         int    // /dev/ublkbID, or -1: the kernel chooses
	Queues     int    // default: one per CPU, at most 4
	Depth      int    // requests in flight on each queue; default 128
	MaxIOBytes int    // largest request in bytes; default 512 KiB. Depth times this is mapped for each queue
	SizeBytes  uint64 // of the device, a multiple of LogicalBlock

	LogicalBlock  uint32 // bytes, a power of two from 512 to the page size; default 512
	PhysicalBlock uint32 // bytes, a power of two; default the larger of LogicalBlock and 4096
	IOMin         uint32 // preferred least I/O in bytes, a power of two; default PhysicalBlock
	IOOpt         uint32 // preferred I/O in bytes, a power of two; default PhysicalBlock: the driver cannot say "none"

	// Float leaves it to the scheduler where the threads of the queues run.
	// Otherwise each stays on the CPUs whose requests it serves, near its
	// clients, unless that is a single CPU.
	Float bool

	VolatileCache bool // answered writes may be lost until a flush; the kernel then sends flushes
	FUA           bool // FUA writes are served as such instead of as write and flush; needs VolatileCache
	Rotational    bool
	ReadOnly      bool

	DiscardMaxBytes     uint64 // largest discard; 0 for no discards
	DiscardGranularity  uint32 // bytes; default LogicalBlock
	WriteZeroesMaxBytes uint64 // largest write-zeroes; 0 for none

	// UserCopy leaves the data of requests where it is: Request.Buf is nil, and
	// the handler moves the data itself, with Queue.Fetch and Queue.Fill. See
	// the package comment for what that costs.
	UserCopy bool

	// Recovery lets the device outlive its server: requests wait, and are sent
	// again to the process that calls Recover. Without it they fail, and the
	// device stops.
	Recovery bool
}

const (
	defaultDepth      = 128
	defaultMaxIOBytes = 512 << 10
	defaultPhysical   = 4096
	maxDefaultQueues  = 4
	maxSectors        = 1<<32 - 1
)

// withDefaults fills in what was left out, and refuses what the kernel would
// refuse with less to say.
func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Queues, min(runtime.NumCPU(), maxDefaultQueues))
	setDefault(&c.Depth, defaultDepth)
	setDefault(&c.MaxIOBytes, defaultMaxIOBytes)
	setDefault(&c.LogicalBlock, SectorSize)
	setDefault(&c.PhysicalBlock, max(c.LogicalBlock, defaultPhysical))
	setDefault(&c.IOMin, c.PhysicalBlock)
	setDefault(&c.IOOpt, c.PhysicalBlock)
	setDefault(&c.DiscardGranularity, c.LogicalBlock)
	return c, c.check()
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c *Config) check() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("ublk config: "+format, args...))
		}
	}
	refuse(c.ID < -1, "id %d: must be -1 or more", c.ID)
	refuse(c.Queues < 1 || c.Queues > uapi.UBLK_MAX_NR_QUEUES, "%d queues: must be 1 to %d", c.Queues, uapi.UBLK_MAX_NR_QUEUES)
	refuse(c.Depth < 1 || c.Depth > uapi.UBLK_MAX_QUEUE_DEPTH, "depth %d: must be 1 to %d", c.Depth, uapi.UBLK_MAX_QUEUE_DEPTH)
	refuse(c.MaxIOBytes < defaultPhysical || c.MaxIOBytes > 1<<uapi.UBLK_IO_BUF_BITS || c.MaxIOBytes%defaultPhysical != 0,
		"largest request of %d bytes: must be a multiple of 4096, at most 32 MiB", c.MaxIOBytes)
	for _, p := range []struct {
		name string
		v    uint32
	}{{"logical block", c.LogicalBlock}, {"physical block", c.PhysicalBlock}, {"minimum I/O", c.IOMin},
		{"optimal I/O", c.IOOpt}, {"discard granularity", c.DiscardGranularity}} {
		refuse(bits.OnesCount32(p.v) != 1 || p.v < SectorSize, "%s of %d bytes: must be a power of two, 512 or more", p.name, p.v)
	}
	refuse(c.LogicalBlock > 4096, "logical block of %d bytes: must be at most 4096", c.LogicalBlock)
	refuse(c.PhysicalBlock < c.LogicalBlock, "physical block of %d bytes is smaller than the logical block", c.PhysicalBlock)
	refuse(c.SizeBytes == 0 || c.LogicalBlock > 0 && c.SizeBytes%uint64(c.LogicalBlock) != 0,
		"size of %d bytes: must be a multiple of the logical block of %d, and not 0", c.SizeBytes, c.LogicalBlock)
	refuse(c.FUA && !c.VolatileCache, "FUA needs a volatile cache: without one the kernel would drop the flag")
	return errors.Join(errs...)
}

func (c *Config) info(features Features) *uapi.UblksrvCtrlDevInfo {
	info := &uapi.UblksrvCtrlDevInfo{
		NrHwQueues:    uint16(c.Queues),
		QueueDepth:    uint16(c.Depth),
		MaxIOBufBytes: uint32(c.MaxIOBytes),
		DevID:         uint32(c.ID),
		UblksrvPid:    -1,
		Flags:         uapi.UBLK_F_CMD_IOCTL_ENCODE,
	}
	if c.Recovery {
		info.Flags |= recoveryFlags
	}
	if c.UserCopy {
		info.Flags |= uapi.UBLK_F_USER_COPY
	}
	info.Flags &= uint64(features)
	return info
}

const recoveryFlags = uapi.UBLK_F_USER_RECOVERY | uapi.UBLK_F_USER_RECOVERY_REISSUE

func (c *Config) params() *uapi.UblkParams {
	p := &uapi.UblkParams{Types: uapi.UBLK_PARAM_TYPE_BASIC}
	p.Basic = uapi.UblkParamBasic{
		Attrs:           c.attrs(),
		LogicalBsShift:  log2(c.LogicalBlock),
		PhysicalBsShift: log2(c.PhysicalBlock),
		IOMinShift:      log2(c.IOMin),
		IOOptShift:      log2(c.IOOpt),
		MaxSectors:      uint32(c.MaxIOBytes / SectorSize),
		DevSectors:      c.SizeBytes / SectorSize,
	}
	if c.DiscardMaxBytes > 0 || c.WriteZeroesMaxBytes > 0 {
		p.Types |= uapi.UBLK_PARAM_TYPE_DISCARD
		p.Discard = uapi.UblkParamDiscard{
			DiscardGranularity:    c.DiscardGranularity,
			MaxDiscardSectors:     sectors(c.DiscardMaxBytes),
			MaxWriteZeroesSectors: sectors(c.WriteZeroesMaxBytes),
			MaxDiscardSegments:    1,
		}
	}
	return p
}

func (c *Config) attrs() (a uint32) {
	for _, f := range []struct {
		on  bool
		bit uint32
	}{
		{c.ReadOnly, uapi.UBLK_ATTR_READ_ONLY},
		{c.Rotational, uapi.UBLK_ATTR_ROTATIONAL},
		{c.VolatileCache, uapi.UBLK_ATTR_VOLATILE_CACHE},
		{c.FUA, uapi.UBLK_ATTR_FUA},
	} {
		if f.on {
			a |= f.bit
		}
	}
	return a
}

// log2 gives the shift of a power of two.
func log2(v uint32) uint8 { return uint8(bits.Len32(v) - 1) }

func sectors(n uint64) uint32 { return uint32(min(n/SectorSize, maxSectors)) }

// configOf reads back what a device was made with.
func configOf(info Info, p *uapi.UblkParams) Config {
	b := p.Basic
	c := Config{
		ID: info.ID, Queues: info.Queues, Depth: info.Depth, MaxIOBytes: info.MaxIOBytes, SizeBytes: info.SizeBytes,
		LogicalBlock: 1 << b.LogicalBsShift, PhysicalBlock: 1 << b.PhysicalBsShift,
		IOMin: 1 << b.IOMinShift, IOOpt: 1 << b.IOOptShift,
		VolatileCache: b.Attrs&uapi.UBLK_ATTR_VOLATILE_CACHE != 0,
		FUA:           b.Attrs&uapi.UBLK_ATTR_FUA != 0,
		Rotational:    b.Attrs&uapi.UBLK_ATTR_ROTATIONAL != 0,
		ReadOnly:      b.Attrs&uapi.UBLK_ATTR_READ_ONLY != 0,
		UserCopy:      info.Features.Has(uapi.UBLK_F_USER_COPY),
		Recovery:      info.Features.Has(recoveryFlags),
	}
	if p.Types&uapi.UBLK_PARAM_TYPE_DISCARD != 0 {
		c.DiscardMaxBytes = uint64(p.Discard.MaxDiscardSectors) * SectorSize
		c.DiscardGranularity = p.Discard.DiscardGranularity
		c.WriteZeroesMaxBytes = uint64(p.Discard.MaxWriteZeroesSectors) * SectorSize
	}
	return c
}
