package manager

import (
	"context"
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// Shutdown stops all devices, makes all logs durable and marks them clean.
// Nothing is migrated unless it is asked for: what is in a log is found there
// at the next resume. It is refused, with no change, while a device is open or
// mounted; with force the programs that have it open get errors.
func (m *Manager) Shutdown(ctx context.Context, a control.ShutdownArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, "", report)
	if a.Drain {
		if err := m.drainAll(o); err != nil {
			return nil, err // nothing has changed, but that there is less in the logs
		}
	}
	if err := m.close(a.IfIdle); err != nil {
		return nil, err
	}
	devices, caches, err := m.stopAll(o, a.Force)
	if err != nil {
		m.mu.Lock()
		m.closing = false
		m.mu.Unlock()
		return nil, err
	}
	return o.done("shutdown", fmt.Sprintf("stopped %d devices and %d caches", devices, caches)), nil
}

// close lets no command in any more, unless one is at work.
func (m *Manager) close(ifIdle bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return control.Errorf(control.Busy, "the server is shutting down already")
	}
	if ifIdle && (len(m.caches) > 0 || len(m.devices) > 0 || m.pilot != nil) {
		return control.Errorf(control.Busy, "the server has something to do")
	}
	for _, id := range sorted(m.caches) {
		if c := m.caches[id]; c.op != nil || len(c.users) > 0 {
			return control.Errorf(control.Busy, "another command works on cache %d; wait for it or interrupt it", id)
		}
	}
	for _, id := range sorted(m.devices) {
		if d := m.devices[id]; d.op != nil {
			return errDeviceBusy(d)
		}
	}
	m.closing = true
	return nil
}

func (m *Manager) stopAll(o *operation, force bool) (devices, caches int, err error) {
	m.mu.Lock()
	stopping, freeing := values(m.devices), values(m.caches)
	m.mu.Unlock()
	for _, d := range stopping {
		if err := checkIdle(d); err != nil && !force {
			return 0, 0, err
		}
	}
	m.Disengage()
	var errs []error
	for _, d := range stopping {
		o.say("stopping device %d (%s)", d.id, d.name)
		if err := m.stop(o, d, force); err != nil {
			errs = append(errs, err)
		}
	}
	for _, c := range freeing {
		if err := m.freeAtEnd(o, c); err != nil {
			errs = append(errs, err)
		}
	}
	return len(stopping), len(freeing), errors.Join(errs...)
}

// warnBroken says of a cache that has failed what its end means.
func (o *operation) warnBroken(c *cache) {
	if why := c.host.Core().Status().Broken; why != "" {
		o.say("cache %d had failed (%s): its log ends where it was durable then; `lc resume %d %s` goes on from there", c.id, why, c.id, c.path)
	}
}

func (m *Manager) freeAtEnd(o *operation, c *cache) error {
	o.say("making the log of cache %d durable", c.id)
	o.warnBroken(c)
	m.mu.Lock()
	c.gone = true
	m.mu.Unlock()
	err := m.free(o, c)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		c.gone = false
		return err
	}
	delete(m.caches, c.id)
	return nil
}
