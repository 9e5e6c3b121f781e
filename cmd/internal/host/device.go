package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk"
)

var (
	// ErrNotAttached is returned by Detach of a device without a cache.
	ErrNotAttached = errors.New("not attached to a cache")
	// ErrBlockSize is returned when a cache's blocks are larger than the device's.
	ErrBlockSize = errors.New("the cache device's blocks are larger than the device's")
)

// DeviceOptions is what may be chosen at create.
type DeviceOptions struct {
	Queues int // 0 = one for two CPUs, at most 4
	Depth  int // 0 = the default of [ublk.Config]

	// LogicalBlock is the smallest unit of I/O that the node shows, in bytes:
	// 512 or 4096, at least the backing's, and a divisor of its size; 0 = the
	// backing's.
	LogicalBlock uint32
}

// Device is one /dev/ublkbN: a backing, and at most one cache.
type Device struct {
	vol     *logcache.Volume
	backing atomic.Pointer[blockdev.Device] // changed by Reopen
	opt     DeviceOptions
	reads   atomic.Int32 // of the backing, under way

	cache atomic.Pointer[Cache] // nil = none; changed by setCache

	mu    sync.Mutex // one structural change at a time
	state sync.Mutex // guards ub
	ub    *ublk.Device
}

// NewDevice makes a device, which has no node until it is started. On success
// backing belongs to the device.
func NewDevice(id uint8, name string, backing *blockdev.Device, opt DeviceOptions) (*Device, error) {
	if opt.Queues == 0 {
		// A queue's thread and the program it serves want a CPU each.
		opt.Queues = max(1, min(4, runtime.NumCPU()/2))
	}
	if opt.LogicalBlock == 0 {
		opt.LogicalBlock = backing.LogicalBlock()
	}
	d := &Device{vol: logcache.NewVolume(id, name, backing.Size()/segment.SectorSize, opt.LogicalBlock), opt: opt}
	d.backing.Store(backing)
	return d, nil
}

// wakeQueues makes all queues look around.
func (d *Device) wakeQueues() {
	ub := d.started()
	if ub == nil {
		return
	}
	for i := range d.opt.Queues {
		if q := ub.Queue(i); q != nil {
			q.Wake()
		}
	}
}

// ID is the device id.
func (d *Device) ID() uint8 { return d.vol.ID }

// Name is the device's name.
func (d *Device) Name() string { return d.vol.Name }

// Backing is the slow device, as it was opened last.
func (d *Device) Backing() *blockdev.Device { return d.backing.Load() }

// LogicalBlock is the smallest unit of I/O that the node shows, in bytes.
func (d *Device) LogicalBlock() uint32 { return d.opt.LogicalBlock }

// Volume is the device as the state machine sees it.
func (d *Device) Volume() *logcache.Volume { return d.vol }

// Cache is the cache the device is attached to, or nil.
func (d *Device) Cache() *Cache { return d.cache.Load() }

func (d *Device) started() *ublk.Device {
	d.state.Lock()
	defer d.state.Unlock()
	return d.ub
}

// Node is the path of the block device, or "" while there is none.
func (d *Device) Node() string {
	if ub := d.started(); ub != nil {
		return ub.BlockPath()
	}
	return ""
}

// Start makes the node appear. ctx bounds the control commands.
func (d *Device) Start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.start(ctx)
}

// maxIO is the largest request in bytes. It bounds how much of the index one
// discard changes while others wait for the lock: 256 blocks.
const maxIO = 1 << 20

func (d *Device) start(ctx context.Context) error {
	ub, err := ublk.New(ctx, d.config(), d)
	if err != nil {
		return fmt.Errorf("device %d (%s): %w", d.vol.ID, d.vol.Name, err)
	}
	if err := ub.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("device %d (%s): %w", d.vol.ID, d.vol.Name, err), ub.Stop(ctx))
	}
	d.state.Lock()
	d.ub = ub
	d.state.Unlock()
	return nil
}

// config is what the node shows.
func (d *Device) config() ublk.Config {
	var discards uint64
	if d.Backing().CanDiscard() {
		// Where the backing cannot, a file system that trims all of a large disk
		// would have us write zeroes for hours.
		discards = maxIO
	}
	return ublk.Config{
		ID:            -1,
		Queues:        d.opt.Queues,
		Depth:         d.opt.Depth,
		MaxIOBytes:    maxIO,
		SizeBytes:     d.Backing().Size(),
		LogicalBlock:  d.opt.LogicalBlock,
		PhysicalBlock: max(4096, d.Backing().PhysicalBlock()),
		IOOpt:         optimalIO(d.Backing().OptimalIO(), d.Backing().PhysicalBlock()),
		Rotational:    d.Backing().Rotational(), // reads come from there
		VolatileCache: true,
		FUA:           true,

		DiscardMaxBytes:     discards,
		DiscardGranularity:  4096,
		WriteZeroesMaxBytes: maxIO,
	}
}

// optimalIO passes on what a disk of such physical blocks likes best, in bytes, if
// that can be said in a power of two, and is not beyond all use.
func optimalIO(bytes, physical uint32) uint32 {
	if bytes&(bytes-1) != 0 || bytes < max(4096, physical) || bytes > 16<<20 {
		return 0
	}
	return bytes
}

// Busy tells, as an error, that the node is open or mounted.
func (d *Device) Busy() error {
	if ub := d.started(); ub != nil {
		return ublk.Busy(ub.ID())
	}
	return nil
}

// Stop takes the node away, if there is one, and lets the backing go. Without
// force it refuses while the node is in use, and keeps the backing when what
// bypassed the log cannot be made durable there. Data in the log stays there.
func (d *Device) Stop(ctx context.Context, force bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ub := d.started(); ub != nil {
		if err := ublk.Busy(ub.ID()); err != nil && !force {
			return fmt.Errorf("device %d (%s): %w", d.vol.ID, d.vol.Name, err)
		}
		d.vol.Unlimit() // its end is not slowed
		if err := ub.Stop(ctx); err != nil {
			return fmt.Errorf("device %d (%s): %w", d.vol.ID, d.vol.Name, err)
		}
	}
	d.state.Lock()
	d.ub = nil
	d.state.Unlock()
	d.vol.Freeze()
	lost, err := d.sync(ctx, force)
	if err != nil {
		d.vol.Unfreeze()
		return err
	}
	if err := d.release(ctx); err != nil {
		return err
	}
	return errors.Join(lost, d.Backing().Close())
}

// sync makes durable what bypassed the log of a frozen device without a node.
// With force it goes on without that, and says what was lost.
func (d *Device) sync(ctx context.Context, force bool) (lost, err error) {
	if err := d.awaitIdle(ctx); err != nil {
		return nil, err
	}
	if lost = d.flushBypassed(); !force {
		return nil, lost
	}
	return lost, nil
}

// release takes a frozen and idle device off its cache, with data in the log.
// Behind it nobody has anything to do with the backing.
func (d *Device) release(ctx context.Context) error {
	c := d.Cache()
	if c == nil {
		return nil
	}
	c.core.Release(d.vol)
	if err := c.dropBacking(ctx, d); err != nil {
		return fmt.Errorf("device %d (%s): %s is written to: %w", d.vol.ID, d.vol.Name, d.Backing().Path(), err)
	}
	d.setCache(nil)
	c.dropMember(d)
	return nil
}

// flushBypassed makes durable what bypassed the log of a device without a node.
func (d *Device) flushBypassed() error {
	c := d.Cache()
	if c == nil {
		return nil
	}
	if err := c.await(func(done func(error)) { c.core.FlushBypassed(d.vol, done) }); err != nil {
		return fmt.Errorf("device %d (%s): flush %s: %w", d.vol.ID, d.vol.Name, d.Backing().Path(), err)
	}
	return nil
}
