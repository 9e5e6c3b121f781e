package vm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ublk-lc/ublk-lc/tools/disk"
)

// rootDisk is the serial number of the disk that the agent mounts as root.
const rootDisk = "root"

// Machine is a guest and its disks. Commands may run in parallel; the power
// is switched by one goroutine at a time.
type Machine struct {
	config Config
	built  *Built
	accel  string
	dir    string // sockets and content of own disks
	disks  []*attached
	serve  sync.WaitGroup

	mu    sync.Mutex // protects guest
	guest *guest     // nil without power
}

// attached is a disk and its way into QEMU.
type attached struct {
	Disk
	image    *disk.Disk // which is Disk.Image, or the machine's own
	own      bool
	socket   string
	listener net.Listener
}

// Boot builds what is missing, makes a machine and switches it on. The context
// bounds the boot, not the machine's life: Close ends it.
func Boot(ctx context.Context, c Config) (*Machine, error) {
	built, err := Build(ctx)
	if err != nil {
		return nil, err
	}
	accel, err := built.accelerator(ctx)
	if err != nil {
		return nil, err
	}
	return bootBuilt(ctx, c, built, accel)
}

func bootBuilt(ctx context.Context, c Config, built *Built, accel string) (*Machine, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lc-vm-")
	if err != nil {
		return nil, fmt.Errorf("vm: %w", err)
	}
	m := &Machine{config: c, built: built, accel: accel, dir: dir}
	if err := m.attachDisks(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	if err := m.PowerOn(ctx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Machine) attachDisks() error {
	for _, d := range m.config.Disks {
		a := &attached{Disk: d, image: d.Image, socket: filepath.Join(m.dir, d.Name+".sock")}
		if a.image == nil {
			image, err := disk.Open(filepath.Join(m.dir, d.Name+".img"), d.Model)
			if err != nil {
				return fmt.Errorf("vm: disk %s: %w", d.Name, err)
			}
			a.image, a.own = image, true
		}
		m.disks = append(m.disks, a)
		l, err := net.Listen("unix", a.socket)
		if err != nil {
			return fmt.Errorf("vm: disk %s: %w", d.Name, err)
		}
		a.listener = l
		m.serve.Go(func() {
			// It ends with the listener; if it ended earlier, QEMU would
			// fail to connect and say so.
			_ = a.image.Serve(l)
		})
	}
	return nil
}

// Disk returns a disk by its name, or nil.
func (m *Machine) Disk(name string) *disk.Disk {
	for _, d := range m.disks {
		if d.Name == name {
			return d.image
		}
	}
	return nil
}

// Accelerator is what QEMU runs the guest with: "kvm" or "tcg".
func (m *Machine) Accelerator() string { return m.accel }

// DevicePath is where the guest finds a disk whose serial number is its name.
func DevicePath(name string) string { return "/dev/disk/by-id/virtio-" + name }

// Order puts the disks on the bus in this order from the next power-on on: the
// first is /dev/vdb then. All disks must be named.
func (m *Machine) Order(names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	order := make([]*attached, 0, len(m.disks))
	for _, name := range names {
		i := slices.IndexFunc(m.disks, func(d *attached) bool { return d.Name == name })
		if i < 0 || slices.Contains(order, m.disks[i]) {
			return fmt.Errorf("vm: order of disks: %q is none, or named twice", name)
		}
		order = append(order, m.disks[i])
	}
	if len(order) != len(m.disks) {
		return fmt.Errorf("vm: order of disks: %d are named, there are %d", len(order), len(m.disks))
	}
	m.disks = order
	return nil
}

// PowerOn boots a machine that is off. Disks that were cut get power first.
func (m *Machine) PowerOn(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.guest != nil {
		return fmt.Errorf("vm: the machine is on already")
	}
	for _, d := range m.disks {
		d.image.PowerOn()
	}
	for try := 1; ; try++ {
		g, err := m.startGuest()
		if err != nil {
			return err
		}
		if err = m.settleIn(ctx, g); err == nil {
			m.guest = g
			return nil
		}
		g.kill()
		if try == bootTries || !g.brokenByEmulator() {
			return err
		}
	}
}

// settleIn waits for the agent and makes the guest what the config says.
func (m *Machine) settleIn(ctx context.Context, g *guest) error {
	ctx, cancel := context.WithTimeoutCause(ctx, m.config.BootTimeout,
		fmt.Errorf("no answer from the guest in %v", m.config.BootTimeout))
	defer cancel()
	if err := g.awaitReady(ctx); err != nil {
		return err
	}
	if m.config.Udev {
		// Only block devices are announced again: consoles would cost seconds.
		script := "/usr/lib/systemd/systemd-udevd --daemon && udevadm trigger --subsystem-match=block && udevadm settle"
		if code, err := g.run(ctx, Command{Script: script}); err != nil {
			return err
		} else if code != 0 {
			return g.failure("start udevd", fmt.Errorf("exit status %d", code))
		}
	}
	for to, from := range m.config.Files {
		if err := g.push(ctx, to, from); err != nil {
			return err
		}
	}
	return nil
}

// PowerCut ends the guest in the middle of whatever it does, and then every
// disk loses what loss says.
func (m *Machine) PowerCut(loss disk.Loss) (map[string]disk.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.guest == nil {
		return nil, fmt.Errorf("vm: the machine is off already")
	}
	// The guest first: nothing new may reach one disk when another is dead.
	m.guest.kill()
	m.guest = nil
	reports := map[string]disk.Report{}
	for _, d := range m.disks {
		r, err := d.image.Cut(loss)
		if err != nil {
			return nil, fmt.Errorf("vm: disk %s: %w", d.Name, err)
		}
		reports[d.Name] = r
	}
	return reports, nil
}

// Shutdown syncs the guest's file systems and switches the machine off. It
// does not unmount them nor stop commands. The disks keep what they have.
func (m *Machine) Shutdown(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.guest == nil {
		return fmt.Errorf("vm: the machine is off already")
	}
	err := m.guest.powerOff(ctx)
	m.guest.kill()
	m.guest = nil
	return err
}

// Close ends the guest if it still runs, and removes everything that Boot
// made, but not the disks that the caller brought.
func (m *Machine) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.guest != nil {
		m.guest.kill()
		m.guest = nil
	}
	var errs []error
	for _, d := range m.disks {
		if d.listener != nil {
			errs = append(errs, d.listener.Close())
		}
		if d.own {
			errs = append(errs, d.image.Close())
		}
	}
	m.disks = nil
	m.serve.Wait()
	return errors.Join(append(errs, os.RemoveAll(m.dir))...)
}

// on returns the guest of a machine that is on.
func (m *Machine) on() (*guest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.guest == nil {
		return nil, fmt.Errorf("vm: the machine is off")
	}
	return m.guest, nil
}
