package sim

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/logcache"
)

// checks are those of one cache, and of its migrator, that run beside all
// others: of what holds between their figures whenever nobody is inside.
type checks struct {
	cache *logcache.Cache
	last  logcache.Sequences
	steps uint
}

// partsEvery is after how many steps all is looked at, and not the sequences alone.
// A figure that is wrong stays so for some time.
const partsEvery = 8

// check ends the run if a figure is not as it must be.
func (h *host) check() {
	if h.cache == nil {
		return
	}
	k := &h.checks
	if k.cache != h.cache {
		k.cache, k.last = h.cache, logcache.Sequences{}
	}
	err := h.cache.CheckSequences(&k.last)
	if k.steps++; k.steps%partsEvery == 0 {
		err = errors.Join(err, h.checkParts())
	}
	if err != nil {
		fail("invariant", "%v", err)
	}
}

func (h *host) checkParts() error {
	err := h.cache.CheckParts()
	if h.mig != nil {
		err = errors.Join(err, h.mig.Check())
	}
	return err
}
