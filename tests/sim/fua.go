package sim

// harden makes one completed write durable, and no other. What was written
// before to the same sectors and is still unflushed can no longer show up
// there: the medium has the newer data.
func (d *disk) harden(p *pending) {
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
