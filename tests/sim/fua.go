package sim

import "github.com/ublk-lc/ublk-lc/segment/block"

// This file has what makes writes durable, one by one or all, and what a flush
// that fails may do.

// flushes tells whether an operation is a write that is flushed by itself.
func (s *devs) flushes(op *block.Op) bool { return op.FUA && s.fuaFlushes }

// applyFUA does what FUA asks of a completed write.
func (s *devs) applyFUA(f *flight) {
	switch {
	case !f.op.FUA:
	case f.fault == eioFlush && s.fuaFlushes:
		f.d.forget(f.d.clock)
	case !f.fault.honest():
	case s.fuaFlushes:
		f.d.flush(f.d.clock)
	default:
		f.d.makeDurable(f.p)
	}
}

// act has a write or a flush do what it does, for better or worse. The completion
// may come much later.
func (s *devs) act(f *flight) {
	switch {
	case f.acted:
	case f.p != nil:
		f.d.finish(f.p)
		s.applyFUA(f)
	case f.op.Kind != block.Flush:
	case f.fault.honest():
		f.d.flush(f.cut)
	case f.fault == eio || f.fault == eioFlush:
		f.d.forget(f.d.clock)
	}
	f.acted = true
}

// actOne has one of the operations under way do what it does.
func (s *devs) actOne(choose func(n int) int) {
	if len(s.flights) == 0 {
		return
	}
	if f := s.flights[choose(len(s.flights))]; f.fault != stalled {
		s.act(f)
	}
}

// beginPartly takes in the first half of a write.
func (d *disk) beginPartly(op *block.Op) *pending {
	bs := int64(d.block) * sectorSize
	n := (op.Bytes()/bs + 1) / 2 * bs
	if op.Buf == nil {
		return d.begin(nil, op.Offset, n)
	}
	return d.begin(op.Buf[:n], op.Offset, n)
}

// makeDurable makes one completed write durable, and no other. What was written
// before to the same sectors and is still unflushed can no longer show up
// there: the medium has the newer data.
func (d *disk) makeDurable(p *pending) {
	copy(d.durable[p.at:], p.ids)
	kept := d.done[:0]
	for _, q := range d.done {
		if q == p {
			continue
		}
		for i := max(p.at, q.at); i < min(p.at+len(p.ids), q.at+len(q.ids)); i++ {
			q.ids[i-q.at] = p.ids[i-p.at]
		}
		kept = append(kept, q)
	}
	d.done = kept
}
