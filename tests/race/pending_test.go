package race

import (
	"math/rand/v2"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// pending are operations under way, which complete in any order.
type pending struct {
	disks *disks
	rng   *rand.Rand
	ops   []*block.Op
}

func (p *pending) take(ops []*block.Op) { p.ops = append(p.ops, ops...) }

// next carries one of them out and returns it; its sink is not told.
func (p *pending) next() *block.Op {
	i, last := p.rng.IntN(len(p.ops)), len(p.ops)-1
	op := p.ops[i]
	p.ops[i] = p.ops[last]
	p.ops = p.ops[:last]
	p.disks.do(op)
	return op
}

// disks are the devices below a cache.
type disks struct {
	cache    *memory
	backings []*memory // of volume 1 and on
}

func (d *disks) do(op *block.Op) {
	if op.Dev == block.Cache {
		d.cache.do(op)
		return
	}
	d.backings[op.Dev-1].do(op)
}
