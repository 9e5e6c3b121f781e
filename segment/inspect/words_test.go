package inspect

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// TestReportSays: whatever a report has found, there is a line that says it, and it
// does not say what was not found.
func TestReportSays(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *Report)
		says   string
	}{
		{"an empty log", func(r *Report) { r.Records = 0 }, "log          empty\n"},
		{"nothing but headers", func(r *Report) { r.Verified = false }, "payload not verified"},
		{"a label", func(r *Report) { r.Label = "fast" }, `the-uuid "fast"`},
		{"given up", func(r *Report) { r.Devices[0].GivenUp, r.Devices[0].Ignored = 7, 2 }, "device 5: what records up to 7 hold of it counts no more, and is not replayed: 2 extents\n"},
		{"unreadable", func(r *Report) { r.Unreadable = []string{"bytes 1-2"} }, "unreadable   bytes 1-2\n"},
		{"doubt", func(r *Report) { r.State, r.Doubt = Doubt, "bytes 3-4" }, "doubt        bytes 3-4; the log ends there"},
		{"what doubt means", func(r *Report) { r.State = Doubt }, "what was written last may be lost"},
		{"another program's", func(r *Report) { r.State = Replaced }, "replaced: another program has this disk now"},
		{"damage to one record", func(r *Report) { r.Damage = []DamageReport{{FirstSeq: 3, LastSeq: 3, Kind: DamagedHeader}} }, "damage       record 3 at "},
		{"damage to several", func(r *Report) { r.Damage = []DamageReport{{FirstSeq: 3, LastSeq: 5, Kind: DamagedHeader, Unknown: 3}} }, "nobody knows what 3 records held"},
		{"their sequences", func(r *Report) { r.Damage = []DamageReport{{FirstSeq: 3, LastSeq: 5}} }, "damage       records 3-5 at "},
		{"a clean end elsewhere", func(r *Report) { r.Clean = true }, "does not end where the clean shutdown says"},
	} {
		plain := &Report{
			State: Whole, UUID: "the-uuid", Records: 1, Verified: true,
			Devices: []DeviceReport{{ID: 5, State: stateName(segment.Attached), LostExact: true}}, Segments: []SegmentReport{{Records: 1}},
		}
		said := func() string {
			var out bytes.Buffer
			must(t, plain.Fprint(&out, false))
			return out.String()
		}
		if got := said(); strings.Contains(got, c.says) {
			t.Errorf("%s is said of any report: %s", c.name, got)
		}
		c.change(plain)
		if got := said(); !strings.Contains(got, c.says) {
			t.Errorf("%s: no %q in %s", c.name, c.says, got)
		}
	}
}

// TestNamesOfAllKinds: each has a name of its own, and what nobody knows a number.
func TestNamesOfAllKinds(t *testing.T) {
	seen := map[string]bool{}
	for k := segment.Data; k <= segment.Clean+1; k++ {
		name := kindName(k)
		if seen[name] || name == "" {
			t.Errorf("kind %d is called %q", k, name)
		}
		seen[name] = true
	}
	if !seen["kind 6"] {
		t.Errorf("%v", seen)
	}
	if a, d, u := stateName(segment.Attached), stateName(segment.Detached), stateName(9); a == d || u != "unknown" {
		t.Errorf("states %q, %q, %q", a, d, u)
	}
}

// TestDamageKeepsItsReason, of whatever kind it is.
func TestDamageKeepsItsReason(t *testing.T) {
	l := reused(t)
	*l.byteOf(18, true, 5) ^= 1
	log := surveyBytes(t, l.b)
	var field *segment.FieldError
	if len(log.Damage) != 1 || !errors.As(log.Damage[0].Reason, &field) || field.Field != "checksum" {
		t.Errorf("%+v", log.Damage)
	}
}
