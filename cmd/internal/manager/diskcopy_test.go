package manager

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// What they come to for a copy of a disk, with that disk here or away.
func TestP8RuleOfCopies(t *testing.T) {
	mine := segment.Binding{ID: 5, Name: "myLV", Sectors: 100, Fingerprint: 55}
	nameless := segment.Binding{ID: 5, Name: "myLV", Sectors: 100}
	another := segment.Binding{ID: 6, Name: "other", Sectors: 100}
	foreign := segment.Binding{ID: 6, Name: "other", Sectors: 100, Fingerprint: 66}
	copied := whose.Disk{ID: 6, Name: "t", Path: "/dev/copy", Sectors: 100}
	inItsPlace := whose.Disk{ID: 5, Name: "t", Path: "/dev/copy", Sectors: 100}
	disk := whose.Disk{ID: 5, Name: "myLV", Path: "/dev/slow", Sectors: 100, Prints: []uint64{55}}
	testRule(t, []ruleCase{
		{name: "the disk, and a clone of it that is away", disk: disk, claims: []claim{{cache: 3, binding: mine}, {cache: 3, binding: foreign, content: whose.Same}}, want: ruling{waitsFor: 3}},
		{name: "the same in two logs", disk: disk, claims: []claim{{cache: 3, binding: mine}, {cache: 4, binding: foreign, content: whose.Same}}, refused: "; only if it is another disk, that a part of the content was copied to, `lc create myLV 5 /dev/slow --other-disk`"},
		{name: "the same in two logs, by one's word", disk: disk, claims: []claim{{cache: 3, binding: mine}, {cache: 4, binding: foreign, content: whose.Same}}, distinct: true, want: ruling{waitsFor: 3}},
		{name: "clones without identities", disk: copied, claims: []claim{{cache: 3, binding: nameless, content: whose.Same}, {cache: 3, binding: another, content: whose.Same}}, want: ruling{waitsFor: 3, unidentified: true}},
		{name: "a clone", disk: disk, claims: []claim{{cache: 3, binding: another, content: whose.Same}}, refused: "`lc create myLV 6 /dev/slow` instead"},
		{name: "a word against all of the content", disk: disk, claims: []claim{{cache: 3, binding: another, content: whose.Same}}, distinct: true, refused: "`lc create myLV 6 /dev/slow` instead"},
		{name: "a word against a part of it", disk: disk, claims: []claim{{cache: 3, binding: another, content: whose.Changed, verdict: &witness.Verdict{}}}, distinct: true},
		{name: "a clone, by one's word", disk: disk, claims: []claim{{cache: 3, binding: foreign, content: whose.Same}}, distinct: true},
		{name: "a clone of that name, by one's word", disk: whose.Disk{ID: 5, Name: "other", Sectors: 100, Prints: []uint64{55}}, claims: []claim{{cache: 3, binding: foreign, content: whose.Same}}, distinct: true, refused: "choose another name"},
		{name: "a copy, its disk is here", disk: copied, claims: []claim{{cache: 3, binding: mine, content: whose.Same, original: "/dev/orig"}}, refused: "`lc create myLV 5 /dev/orig` takes that disk; `lc create t 6 /dev/copy --other-disk` shows the copy"},
		{name: "the same, by one's word", disk: copied, claims: []claim{{cache: 3, binding: mine, content: whose.Same, original: "/dev/orig"}}, distinct: true},
		{name: "the same, and the log is not resumed", disk: copied, claims: []claim{{log: "/dev/ssd", binding: mine, content: whose.Same, original: "/dev/orig"}}, refused: "`lc resume ID /dev/ssd`, and then `lc create myLV 5 /dev/orig`"},
		{name: "a copy under the id of its disk", disk: inItsPlace, claims: []claim{{cache: 3, binding: mine, content: whose.Same, original: "/dev/orig"}}, distinct: true, refused: "with another name and id, `lc create NAME ID /dev/copy --other-disk`"},
		{name: "a copy under its id, its disk is away", disk: inItsPlace, claims: []claim{{cache: 3, binding: mine, content: whose.Same}}, want: ruling{waitsFor: 3, byContent: true}},
		{name: "blank, under an id of which the disk is here", disk: inItsPlace, claims: []claim{{cache: 3, binding: mine, original: "/dev/orig"}}, refused: "by its identity, /dev/orig is. If so, choose another id for it; if it is that one all the same, `lc create myLV 5 /dev/orig` takes"},
		{name: "a copy beside its device", disk: copied, claims: []claim{{cache: 3, binding: mine, content: whose.Changed, verdict: &witness.Verdict{Alike: 5}, served: "/dev/orig"}}, refused: "cache 3 has it on /dev/orig already, which was"},
		{name: "a partition table beside a device with one", disk: copied, claims: []claim{{cache: 3, binding: mine, content: whose.Changed, verdict: &witness.Verdict{Alike: 1, Differ: [4]int{5}}, served: "/dev/orig"}}},
		{name: "a copy with an identity beside its device", disk: whose.Disk{ID: 6, Name: "t", Path: "/dev/copy", Sectors: 100, Prints: []uint64{66}}, claims: []claim{{cache: 3, binding: mine, content: whose.Same, served: "/dev/orig"}}},
		{name: "the same, by one's word", disk: copied, claims: []claim{{cache: 3, binding: nameless, content: whose.Same, served: "/dev/orig"}}, distinct: true},
		{name: "the disk itself, and a copy waits in its place", disk: whose.Disk{ID: 6, Name: "orig", Path: "/dev/orig", Sectors: 100, Prints: []uint64{55}}, claims: []claim{{cache: 3, binding: mine, served: "/dev/copy", guess: true}}, distinct: true, refused: "`lc remove 5`, and then `lc create myLV 5 /dev/orig`"},
	})
}
