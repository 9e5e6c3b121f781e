package migrate

import (
	"fmt"
	"slices"
)

// Check tells what is wrong with the figures of a migrator, which nobody is inside
// of; nil if nothing is. It is for the simulator: a mistake shows at the step that
// made it.
func (m *Migrator) Check() error {
	if err := m.checkCounts(); err != nil {
		return err
	}
	return m.checkBatch()
}

// checkCounts: every operation is in one place, and is counted.
func (m *Migrator) checkCounts() error {
	todo, out, writes := 0, 0, 0
	for dev, n := range m.queues.todo {
		if o := m.queues.inFlight[dev]; o < 0 || o > n {
			return fmt.Errorf("%d operations on device %d are under way, of %d", o, dev, n)
		}
		todo, out = todo+n, out+m.queues.inFlight[dev]
		if dev > 0 {
			writes += n
		}
	}
	kept := len(m.pending) + len(m.readahead.failed)
	if out != m.inFlight || todo != out+kept || writes != m.writes {
		return fmt.Errorf("%d operations of migration, %d on backings, %d under way; counted are %d on backings, %d under way, %d to come",
			todo, writes, out, m.writes, m.inFlight, kept)
	}
	return nil
}

// checkBatch: a batch is of the oldest segments that may be migrated, and what is
// read ahead is right behind them.
func (m *Migrator) checkBatch() error {
	if m.state == idle || m.state == committing {
		return nil
	}
	has := append(slices.Clone(m.batch), m.readahead.spans...)
	if may := m.src.Candidates(nil, 0, len(has), false); !slices.Equal(has, may) {
		return fmt.Errorf("the segments %v are migrated, or read for that, and those that may be are %v", has, may)
	}
	return nil
}
