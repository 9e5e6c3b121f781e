package manager

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// What the claims of all logs come to.
func TestP8Rule(t *testing.T) {
	mine := segment.Binding{ID: 5, Name: "myLV", Sectors: 100, Fingerprint: 55}
	nameless := segment.Binding{ID: 5, Name: "myLV", Sectors: 100}
	another := segment.Binding{ID: 6, Name: "other", Sectors: 100}
	disk := whose.Disk{ID: 5, Name: "myLV", Path: "/dev/slow", Sectors: 100, Prints: []uint64{55}}
	blank := whose.Disk{ID: 5, Name: "myLV", Path: "/dev/slow", Sectors: 100}
	namesake := whose.Disk{ID: 9, Name: "myLV", Path: "/dev/slow", Sectors: 100}
	larger := segment.Binding{ID: 5, Name: "myLV", Sectors: 200}
	testRule(t, []ruleCase{
		{name: "no claims", disk: disk},
		{name: "a resumed cache", disk: disk, claims: []claim{{log: "/dev/ssd", cache: 3, binding: mine}}, want: ruling{waitsFor: 3}},
		{name: "a word does not change whose it is", disk: disk, claims: []claim{{log: "/dev/ssd", cache: 3, binding: mine}}, distinct: true, want: ruling{waitsFor: 3}},
		{name: "the disk of a partition", disk: whose.Disk{ID: 9, Name: "all", Path: "/dev/sda", Sectors: 200, Prints: []uint64{99}, Overlaps: []blockdev.Overlap{{Path: "/dev/sda1", Fingerprints: []uint64{55}, Part: true}}},
			claims: []claim{{cache: 3, binding: mine}}, distinct: true, refused: "a part of /dev/sda is /dev/sda1, the disk of device 5 (myLV, 50 KiB), for which cache 3 holds data"},
		{name: "a partition of the disk", disk: whose.Disk{ID: 9, Name: "part", Path: "/dev/sda1", Sectors: 50, Overlaps: []blockdev.Overlap{{Path: "/dev/sda", Fingerprints: []uint64{1, 55}}}},
			claims: []claim{{log: "/dev/ssd", binding: mine}}, refused: "`lc resume ID /dev/ssd`, and then `lc create myLV 5 /dev/sda` takes that disk"},
		{name: "a foreign cache", disk: disk, claims: []claim{{log: "/dev/ssd", binding: mine}}, refused: "`lc resume ID /dev/ssd` first"},
		{name: "two logs", disk: disk, claims: []claim{{log: "/dev/a", cache: 3, binding: mine}, {log: "/dev/b", binding: mine}}, refused: "cache 3 as device 5 (myLV, 50 KiB), and /dev/b"},
		{name: "two ids in one log", disk: disk, claims: []claim{{cache: 3, binding: mine}, {cache: 3, binding: segment.Binding{ID: 8, Sectors: 100, Fingerprint: 55}}}, refused: "in more than one place"},
		{name: "no identity", disk: blank, claims: []claim{{cache: 3, binding: nameless}}, want: ruling{waitsFor: 3, unidentified: true}},
		{name: "no identity, a twin in the log", disk: blank, claims: []claim{{cache: 3, binding: nameless}, {cache: 3, binding: another}}, want: ruling{waitsFor: 3, unidentified: true}},
		{name: "no identity, of another id", disk: blank, claims: []claim{{cache: 3, binding: another}}, refused: "--other-disk"},
		{name: "no identity, of another id, by one's word", disk: blank, claims: []claim{{cache: 3, binding: another}}, distinct: true},
		{name: "mounted, under its id", disk: blank, claims: []claim{{cache: 3, binding: nameless, content: whose.Changed}}, want: ruling{waitsFor: 3, byContent: true}},
		{name: "mounted, under another id", disk: blank, claims: []claim{{cache: 3, binding: another, content: whose.Changed, verdict: &witness.Verdict{}}}, refused: "`lc create myLV 6 /dev/slow` instead; only if it is another disk"},
		{name: "known in part, under the id of one of which nothing tells", disk: blank, claims: []claim{{cache: 3, binding: larger}, {cache: 3, binding: another, content: whose.Changed, verdict: &witness.Verdict{}}}, refused: "`lc create myLV 6 /dev/slow` instead"},
		{name: "the same, of another log", disk: blank, claims: []claim{{log: "/dev/a", cache: 3, binding: nameless}, {log: "/dev/b", cache: 4, binding: another, content: whose.Same}}, refused: "cache 4 holds data for /dev/slow as device 6 (other, 50 KiB); `lc create myLV 6 /dev/slow` instead"},
		{name: "by its name alone", disk: namesake, claims: []claim{{cache: 3, binding: nameless}}, refused: "only if it is another disk, that a part of the content was copied to, with another name, `lc create NAME 9 /dev/slow --other-disk`"},
		{name: "by its name alone, and one's word", disk: namesake, claims: []claim{{cache: 3, binding: nameless}}, distinct: true, refused: "that is your word. If so, choose another name"},
		{name: "a swapped disk", disk: blank, claims: []claim{{log: "/dev/ssd", cache: 3, binding: nameless, content: whose.Other}}, refused: "`lc forget /dev/ssd 5`"},
	})
}

// ruleCase is a disk, what the logs claim of it, and what that comes to.
type ruleCase struct {
	name     string
	disk     whose.Disk
	claims   []claim
	distinct bool
	want     ruling
	refused  string
}

// testRule holds what the claims come to against a table.
func testRule(t *testing.T, table []ruleCase) {
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			got, err := rule(&c.disk, c.claims, c.distinct)
			if (err != nil) != (c.refused != "") || err == nil && got != c.want {
				t.Fatalf("%+v, %v", got, err)
			}
			if err != nil && (classify.Classify(err).Code != control.Mismatch || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got %v; want %s", err, c.refused)
			}
		})
	}
}
