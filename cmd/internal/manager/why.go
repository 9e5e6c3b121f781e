package manager

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
)

// Why tells in words why the data of a device is migrated or is not, and where its
// writes go.
func (m *Manager) Why(a control.IDArgs) (*control.Why, error) {
	m.mu.Lock()
	found, err := m.deviceLocked(a.ID)
	if err != nil {
		m.mu.Unlock()
		return nil, err
	}
	d := *found
	m.mu.Unlock()
	vol := m.volume(&d)
	line := d.line(nil, &vol)
	w := &control.Why{Device: line.ID, Name: line.Name, CacheID: line.CacheID, State: line.State, Doing: line.Doing, DirtyBlocks: line.DirtyBlocks}
	var c *host.Cache
	if d.host != nil {
		c = d.host.Cache()
	}
	switch {
	case c != nil:
		state := c.Pace()
		w.Draining = state.Decision.Reason.Goes()
		w.Migration = state.Words()
		w.HeldUp = m.wayOn(c, heldUp(c))
		if text := readOnly("the backing", d.host.Backing()); text != "" {
			w.HeldUp = text
		}
		w.Writes = writesOf(&state) + bypassWords(c, &vol)
	case d.waitsFor != 0:
		w.Migration = fmt.Sprintf("cache %d holds data for its backing; `lc attach %d %d` goes on with it", d.waitsFor, d.id, d.waitsFor)
		w.Writes = "there are none: the device has no node until it is attached"
	default:
		w.Migration = "it is attached to no cache, and has nothing to migrate"
		w.Writes = "they go straight to " + d.path
	}
	return w, nil
}

// heldUp is what the last batch failed with, and the way on if that is damage;
// "" if it did not fail.
func heldUp(c *host.Cache) string {
	s := c.Migration()
	if s.Damaged == 0 {
		return s.LastError
	}
	return fmt.Sprintf("%s; `lc drain %d --skip-damage` lists what is damaged, and can leave it out", s.LastError, c.ID())
}

func writesOf(p *pace.State) string {
	if p.Admit == 0 {
		return "they go to the log, as fast as they come"
	}
	return fmt.Sprintf("they go to the log, slowed to %s/s for all devices of the cache: it is %.0f%% full, and the backings free %s/s",
		humanize.IBytes(uint64(p.Admit)), 100*p.Snapshot.Fill, humanize.IBytes(uint64(p.Snapshot.Sustained)))
}

// bypassWords say where a device's recent writes went, and why, if any may
// bypass the log.
func bypassWords(c *host.Cache, vol *logcache.VolumeStatus) string {
	if vol.Bypass.Cutoff == 0 && c.Core().Congested() == 0 {
		return ""
	}
	n := &vol.Recent
	sum := 0
	for _, k := range n {
		sum += k
	}
	if sum == 0 {
		return "; long streams bypass it, but there was no write yet"
	}
	return fmt.Sprintf("; of the last %d, %d bypassed it in streams of %s and more, %d because the cache device is slow, %d would have but for data that it has of their range, %d but for what tells the disk from others, %d were in shorter streams or durable at once",
		sum, n[logcache.Sequential], humanize.IBytes(vol.Bypass.Cutoff), n[logcache.Congested], n[logcache.Occupied], n[logcache.Witnessed], n[logcache.Logged])
}
