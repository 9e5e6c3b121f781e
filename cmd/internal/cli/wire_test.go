package cli

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/controltest"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// What is found is what is printed: no field is left out, and none is another's.
func TestWireKeepsAll(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		var report inspect.Report
		var section inspect.Section
		var block inspect.Block
		var plan PlanReport
		for _, v := range []any{&report, &section, &block, &plan} {
			controltest.Fill(v, r)
		}
		same(t, report, checkOf(&report))
		same(t, section, sectionOf(&section))
		same(t, block, blockOf(&block))
		same(t, plan, replayOf(&plan))
	}
}

func same(t *testing.T, found, printed any) {
	t.Helper()
	if diff := cmp.Diff(controltest.Leaves(found), controltest.Leaves(printed)); diff != "" {
		t.Errorf("%T is not what was found (-found +printed):\n%s", printed, diff)
	}
}

// Nothing is a list without elements, and not no list.
func TestWireListsAreNeverNull(t *testing.T) {
	c, s, b, p := checkOf(&inspect.Report{}), sectionOf(&inspect.Section{}), blockOf(&inspect.Block{}), replayOf(&PlanReport{})
	d, h := boundDeviceOf(&inspect.DeviceReport{}), damagePlaceOf(&inspect.DamageReport{})
	if c.Devices == nil || c.Segments == nil || c.Damage == nil || c.Unreadable == nil || s.Fields == nil || b.Versions == nil || p.Extents == nil || p.Lost == nil || d.Lost == nil || h.Held == nil {
		t.Error("a list is null")
	}
}

// The words of check are those that it is documented with.
func TestCheckWords(t *testing.T) {
	for _, s := range []inspect.State{inspect.Clean, inspect.Whole, inspect.Torn, inspect.Doubt, inspect.Damaged} {
		if _, err := control.LogState(s).MarshalText(); err != nil {
			t.Error(err)
		}
	}
	for _, k := range []inspect.DamageKind{inspect.DamagedHeader, inspect.DamagedPayload, inspect.DamagedExtent} {
		if _, err := control.DamageKind(k).MarshalText(); err != nil {
			t.Error(err)
		}
	}
}
