package disk

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// Cut takes the power away: connections end, requests on their way are never
// answered, and loss decides what is left of every write that was not stable.
// The content can be read, but nothing is served until PowerOn.
func (d *Disk) Cut(loss Loss) (Report, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return Report{}, fmt.Errorf("disk: power is off already")
	}
	d.off = true
	d.hangUp()
	return d.image.cut(loss, d.drop())
}

// drop forgets all requests on their way and returns the writes among them in
// the order in which they came.
func (d *Disk) drop() []piece {
	var writes []*request
	for r := range d.flying {
		if r.op == opWrite {
			writes = append(writes, r)
		}
	}
	slices.SortFunc(writes, func(a, b *request) int { return cmp.Compare(a.arrival, b.arrival) })
	pieces := make([]piece, len(writes))
	for i, r := range writes {
		pieces[i] = piece{r.off, r.data}
	}
	clear(d.flying)
	d.queue = newQueue(d.config)
	return pieces
}

// PowerOn lets a disk serve again after Cut.
func (d *Disk) PowerOn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = false
}

// Close ends all service. What was not flushed is kept: a disk that is shut
// down in an orderly way writes its cache out.
func (d *Disk) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed, d.off = true, true
	d.hangUp()
	d.mu.Unlock()
	d.alarm.ring()
	d.thread.Wait()
	d.serving.Wait()
	if err := d.alarm.close(); err != nil {
		return fmt.Errorf("disk: eventfd: %w", err)
	}
	if err := d.image.file.Close(); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	return nil
}

// hangUp ends all connections. The caller holds mu.
func (d *Disk) hangUp() {
	for c := range d.conns {
		_ = c.Close() // its handshake sees the error and ends
	}
	for _, s := range d.sessions {
		s.over = errPower
		_ = unix.Shutdown(s.fd, unix.SHUT_RDWR) // which wakes the disk's thread
	}
}
