package migrate

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// spoiled are figures of a migrator that are made wrong, and what is said of
// them then.
var spoiled = map[string]struct {
	spoil func(m *Migrator)
	says  string
}{
	"nothing":                   {func(*Migrator) {}, ""},
	"one that is not counted":   {func(m *Migrator) { m.pending = append(m.pending, &block.Op{}) }, "counted are 0 on backings, 2 under way, 1 to come"},
	"one that ended twice":      {func(m *Migrator) { m.inFlight-- }, "2 under way; counted are 0 on backings, 1 under way"},
	"one on a backing":          {func(m *Migrator) { m.writes++ }, "counted are 1 on backings"},
	"one that nobody has made":  {func(m *Migrator) { m.queues.inFlight[1] = 1 }, "1 operations on device 1 are under way, of 0"},
	"one that was not given":    {func(m *Migrator) { m.queues.inFlight[1] = -1 }, "-1 operations on device 1 are under way"},
	"a batch of what is newer":  {func(m *Migrator) { m.batch[0].ID = 2 }, "the segments [{2 16 1 1} {2 16 2 2} {3 16 3 3}]"},
	"a batch that is longer":    {func(m *Migrator) { m.batch[0].End = 17 }, "the segments [{1 17 1 1}"},
	"a gap before what is read": {func(m *Migrator) { m.readahead.spans[1].ID = 4 }, "{2 16 2 2} {4 16 3 3}] are migrated, or read for that"},
	"no batch":                  {func(m *Migrator) { m.state, m.batch = idle, nil }, ""},
}

// Each figure of a migrator that does not fit the others is seen.
func TestFiguresFitTogether(t *testing.T) {
	for name, c := range spoiled {
		m, _ := writingOne(t)
		m.ReadAhead(2)
		m.Ops(nil)
		c.spoil(m)
		switch err := m.Check(); {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}
