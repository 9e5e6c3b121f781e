package manager

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/sysfsio"
	"github.com/ublk-lc/ublk-lc/ublk"
)

// Manager has all caches and devices.
type Manager struct {
	log     *slog.Logger
	linkDir string // of the links to the nodes
	memory  uint64 // of the machine, in bytes; 0 if it is not known
	record  seen.Dir

	// What needs a kernel with ublk; tests without one replace it.
	probe func(context.Context) error
	start func(context.Context, *host.Device) error

	// What the host says of a disk; tests have a host of their own.
	describe func(dev *blockdev.Device, id uint8, name string) (*whose.Disk, error)
	knownBy  func(fingerprint uint64) (path string, err error)
	disks    func(sys string, not map[uint64]bool) (paths []string, err error)

	// bindingLock admits one command that decides which log a backing belongs to.
	bindingLock chan struct{}

	mu      sync.Mutex // guards the tables and the entries in them
	closing bool       // a shutdown is under way
	caches  map[uint8]*cache
	devices map[uint8]*device
	pilot   Pilot // nil while there is none
	notes   notes // of the disks in use, as last seen
}

// cache is a place in the table of caches.
type cache struct {
	id        uint8
	host      *host.Cache // nil while it is being resumed
	path      string
	at        blockdev.Key // what path led to
	op        *operation   // the command that has it for itself
	users     []*operation // the commands that need it to stay; never changed, only replaced
	gone      bool         // it is being freed, or was
	settings  sysfsio.Settings
	modulated bool        // the pilot measures the backings, and they decide on migration
	loads     []pace.Load // what it measured; never changed, only replaced
}

// device is a place in the table of devices.
type device struct {
	id       uint8
	host     *host.Device // nil while it is being created
	name     string
	path     string
	at       blockdev.Key // what path led to
	op       *operation   // the command that works on it
	backing  *whose.Disk  // nil while it is being created
	distinct bool         // the administrator says that its backing is none that it may be taken for
	skip     []string     // disks that are not asked what they hold of it
	ruling
	link      string // to its node
	threshold int    // migrate_threshold
	busy      int    // % of the last interval
}

// Options are what a manager has from its process.
type Options struct {
	Log     *slog.Logger
	LinkDir string // of the links to the nodes
	Memory  uint64 // of the machine, in bytes; 0 if it is not known
	Nodes   Nodes  // nil for those of the kernel's ublk
}

// Nodes makes the nodes of devices.
type Nodes interface {
	// Probe tells why there can be none.
	Probe(context.Context) error
	// Start makes the node of a device appear.
	Start(context.Context, *host.Device) error
}

// ublkNodes are those of the kernel's ublk.
type ublkNodes struct{}

func (ublkNodes) Probe(ctx context.Context) error {
	_, err := ublk.ProbeFeatures(ctx)
	return err
}

func (ublkNodes) Start(ctx context.Context, d *host.Device) error { return d.Start(ctx) }

// New makes a manager without caches and devices.
func New(o Options) *Manager {
	if o.Nodes == nil {
		o.Nodes = ublkNodes{}
	}
	return &Manager{
		log:         o.Log,
		linkDir:     o.LinkDir,
		memory:      o.Memory,
		record:      seen.Default(),
		probe:       o.Nodes.Probe,
		start:       o.Nodes.Start,
		describe:    whose.Describe,
		knownBy:     blockdev.KnownBy,
		disks:       disksToAsk,
		bindingLock: make(chan struct{}, 1),
		caches:      map[uint8]*cache{},
		devices:     map[uint8]*device{},
	}
}

// lockBindings waits until no other command decides which log a backing belongs
// to.
func (m *Manager) lockBindings(o *operation) (leave func(), err error) {
	select {
	case m.bindingLock <- struct{}{}:
	default:
		o.say("waiting for another resume or create to end")
		select {
		case m.bindingLock <- struct{}{}:
		case <-o.ctx.Done():
			return nil, control.Errorf(control.Interrupted, "interrupted while another resume or create was under way; nothing was done")
		}
	}
	return func() { <-m.bindingLock }, nil
}

// acquireDevice has an operation work on a device. The caller releases it.
func (m *Manager) acquireDevice(id int, o *operation) (*device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.deviceLocked(id)
	if err != nil {
		return nil, err
	}
	if d.op != nil {
		return nil, errDeviceBusy(d)
	}
	d.op = o
	return d, nil
}

func errDeviceBusy(d *device) error {
	return control.Errorf(control.Busy, "another command works on device %d (%s); wait for it or interrupt it", d.id, d.op)
}

func (m *Manager) releaseDevice(d *device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.op = nil
}

func (m *Manager) deviceLocked(id int) (*device, error) {
	if err := control.CheckID("device", id); err != nil {
		return nil, err
	}
	if m.closing {
		return nil, control.Errorf(control.Busy, "the server is shutting down")
	}
	d := m.devices[uint8(id)]
	if d == nil {
		return nil, control.Errorf(control.NotFound, "there is no device %d; `lc list` shows what there is", id)
	}
	return d, nil
}

// refCache makes sure that a cache stays until the same operation unrefs it.
func (m *Manager) refCache(id int, o *operation) (*cache, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.cacheLocked(id)
	if err != nil {
		return nil, err
	}
	if c.op != nil {
		return nil, control.Errorf(control.Busy, "another command works on cache %d (%s); wait for it", id, c.op)
	}
	c.users = append(slices.Clip(c.users), o)
	return c, nil
}

func (m *Manager) unrefCache(c *cache, o *operation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.users = slices.DeleteFunc(slices.Clone(c.users), func(u *operation) bool { return u == o })
}

func (m *Manager) cacheLocked(id int) (*cache, error) {
	if err := control.CheckID("cache", id); err != nil {
		return nil, err
	}
	if m.closing {
		return nil, control.Errorf(control.Busy, "the server is shutting down")
	}
	c := m.caches[uint8(id)]
	if c == nil {
		return nil, control.Errorf(control.NotFound, "cache %d is not resumed; `lc resume %d DEV` does that", id, id)
	}
	return c, nil
}

// applyLocked puts a cache's settings in force.
func (c *cache) applyLocked() {
	if c.gone {
		return // its thread may have ended
	}
	p := c.settings.Pacing
	p.Measured, p.Loads = c.modulated, c.loads
	c.host.Apply(p)
	c.host.Core().SetDiscardSlots(c.settings.DiscardSlots)
	c.host.Core().SetBarrierDeadline(c.settings.BarrierDeadline)
}

// allowLocked tells whether migration is allowed: by the pilot while there is
// one, else by the administrator.
func (c *cache) allowLocked() bool {
	if !c.modulated {
		return c.settings.Pacing.Allow
	}
	for _, l := range c.loads {
		if l.Busy > l.Threshold {
			return false
		}
	}
	return true
}
