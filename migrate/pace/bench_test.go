package pace

import (
	"testing"
	"time"
)

// stepping is a pacer with eight devices in a flood, and its inputs.
func stepping() (*Pacer, *Inputs) {
	m := newModel(floodSettings())
	for range 8 {
		m.disks = append(m.disks, &disk{speed: 20 * mib, offer: modelSSD})
		m.in.Devices = append(m.in.Devices, Device{ID: uint8(len(m.disks))})
	}
	m.run(20 * time.Second)
	m.observe()
	return m.p, &m.in
}

// BenchmarkStep is a step at each completion of a batch under way, and one that
// asks the rules and hands out credit.
func BenchmarkStep(b *testing.B) {
	for name, each := range map[string]time.Duration{"completion": time.Microsecond, "decision": grantEvery} {
		b.Run(name, func(b *testing.B) {
			p, in := stepping()
			now := time.Hour
			b.ReportAllocs()
			for b.Loop() {
				now += each
				in.Batch.Segments = 8
				p.Step(now, in)
			}
		})
	}
}

// In the steady state nothing is allocated, whatever is decided.
func TestStepDoesNotAllocate(t *testing.T) {
	p, in := stepping()
	now := time.Hour
	if n := testing.AllocsPerRun(10000, func() {
		now += 3 * time.Millisecond
		in.Log.Newest++
		in.Log.LastMigrated++
		in.Devices[0].Reading = !in.Devices[0].Reading
		if o := p.Step(now, in); o.Batch > 0 {
			p.Began(now)
		}
		p.Wrote(now, 3, 4096)
	}); n > 0 {
		t.Errorf("%v allocations a step", n)
	}
}
