package logcache

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// A machine that was hibernated has two lives: the boot that finds its image may
// resume the cache first, and use it; then the image goes on, with a cache that
// knows nothing of that. So after a sleep the superblock is read again before
// anything new is written: if either copy is not one of ours, the log is
// another's. Then nothing is read either: in the slots is what the other one put
// there, and the backings have moved on.

// ErrOtherLife breaks a cache whose log was resumed by somebody else meanwhile.
var ErrOtherLife = errors.New("the log was resumed by another server, or set back, while this one slept: what it has not written is lost, and it must not write any more")

// ErrDoubt breaks a cache that would have to write something again just after the
// machine has slept, before it knows that the log is still its own.
var ErrDoubt = errors.New("the machine has slept, and the superblock was being read again when a write failed")

// doubt is whether the log is still ours.
type doubt struct {
	raised, settled uint64   // how often
	rereading       uint64   // the doubt that the reads under way will settle
	reads           int      // under way
	lost            error    // the log is not ours any more
	after           []func() // what begins when it is settled, either way
	mem             []byte   // both copies
}

// on tells whether nothing may be written for now.
func (d *doubt) on() bool { return d.settled < d.raised }

// MayWrite tells whether migration may write to the backings now, or why it never
// may again. Any thread.
func (c *Cache) MayWrite() (bool, error) {
	c.lock()
	defer c.unlock()
	return !c.doubt.on(), c.doubt.lost
}

// Suspect says that the machine may have slept. Until both copies of the
// superblock were read again, the cache writes nothing new: writes and barriers
// wait, and so does the rest of a batch. What fails in between is not tried
// again, but breaks the cache. If the log is not its own any more, it breaks
// with [ErrOtherLife]. It belongs to the background port's thread.
func (c *Cache) Suspect() {
	c.lock()
	c.doubt.raised++
	c.nextSuper(c.background)
	c.unlock()
	c.background.finish()
}

// rereadSuper reads both copies of the superblock. No update is under way.
func (c *Cache) rereadSuper(p *Port) {
	d := &c.doubt
	if d.mem == nil {
		buf, err := mem.Alloc(2 * segment.MaxSuperSize)
		if err != nil {
			c.fail(p, err)
			return
		}
		d.mem = buf
	}
	c.super.busy = true
	d.rereading, d.reads = d.raised, 2
	for i := range 2 {
		p.newLogOp(c, forReread, block.Read, int64(i)*segment.SuperSpace, d.copy(i))
	}
}

func (d *doubt) copy(i int) []byte { return d.mem[i*segment.MaxSuperSize:][:segment.MaxSuperSize] }

// superReread takes the completion of such a read. A copy that cannot be read is
// as bad as one that is damaged: the other one will do.
func (c *Cache) superReread(p *Port, o *operation, err error) {
	if err != nil {
		clear(o.Buf)
	}
	p.release(o)
	c.lock()
	defer c.unlock()
	if c.doubt.reads--; c.doubt.reads > 0 {
		return
	}
	c.super.busy = false
	if err := c.stillOurs(); err != nil {
		c.doubt.lost = err
		c.fail(p, err)
		return
	}
	c.doubt.settled = c.doubt.rereading
	c.doubt.goOn()
	c.nextSuper(p)
	c.advance(p)
}

// goOn begins what had to wait, which asks how the cache is now.
func (d *doubt) goOn() {
	after := d.after
	d.after = nil
	for _, f := range after {
		f()
	}
}

// stillOurs tells whether the copies are those that this cache wrote last.
func (c *Cache) stillOurs() error {
	now, found := &c.super.now, false
	for i := range 2 {
		s, err := segment.DecodeSuper(c.doubt.copy(i))
		switch {
		case err != nil:
			continue
		case s.UUID != now.UUID || s.Nonce != now.Nonce || s.Epoch != now.Epoch || s.Generation > now.Generation || s.Generation+1 < now.Generation:
			return fmt.Errorf("%w (generation %d of epoch %d, ours is %d of epoch %d)", ErrOtherLife, s.Generation, s.Epoch, now.Generation, now.Epoch)
		}
		found = true
	}
	if !found {
		return fmt.Errorf("%w (there is no valid superblock any more)", ErrOtherLife)
	}
	return nil
}
