package sim

import "github.com/ublk-lc/ublk-lc/logcache"

// kit is memory that runs use one after the other.
type kit struct {
	st   *store
	port *logcache.Port // of the checker, when it is idle
	wake func()
}

func newKit() *kit {
	k := &kit{st: newStore()}
	k.renewPort()
	return k
}

func (k *kit) renewPort() { k.port = logcache.NewPort(func() { k.wake() }) }
