package whose

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// What a disk and the data of a log are to each other, by both witnesses.
func TestP8Kinship(t *testing.T) {
	five := segment.Binding{ID: 5, Name: "five", Sectors: 100, Fingerprint: 55, Witness: &segment.Witness{Sectors: 100}}
	six := segment.Binding{ID: 6, Name: "six", Sectors: 100, Witness: &segment.Witness{Sectors: 100}}
	old := segment.Binding{ID: 7, Name: "old", Sectors: 100, Fingerprint: 77} // of format version 1
	for _, c := range []struct {
		name    string
		disk    Disk
		binding segment.Binding
		content Evidence
		at      Place
		want    Kinship
	}{
		{"by identity", Disk{ID: 5, Sectors: 100, Prints: []uint64{55}}, five, Silent, Away, Own},
		{"by identity, under another id", Disk{ID: 9, Sectors: 100, Prints: []uint64{55}}, five, Silent, Away, Own},
		{"by an identity of an earlier form", Disk{ID: 9, Sectors: 100, Prints: []uint64{1, 55}}, five, Silent, Away, Own},
		{"by identity, resized", Disk{ID: 9, Sectors: 200, Prints: []uint64{55}}, five, Silent, Away, Own},
		{"by identity, changed", Disk{ID: 5, Sectors: 100, Prints: []uint64{55}}, five, Other, Away, Own},
		{"by content, under another identity", Disk{ID: 5, Sectors: 100, Prints: []uint64{56}}, five, Same, Away, Own},
		{"by content, and written to", Disk{ID: 6, Sectors: 100}, six, Changed, Away, Own},
		{"by content, and written to, under another identity and id", Disk{ID: 9, Sectors: 100, Prints: []uint64{56}}, five, Changed, Away, Own},
		{"by content alone", Disk{ID: 9, Sectors: 100}, six, Same, Away, Own},
		{"by id, another identity", Disk{ID: 5, Sectors: 100, Prints: []uint64{56}}, five, Silent, Away, Foreign},
		{"by name, another identity", Disk{ID: 9, Name: "five", Sectors: 100, Prints: []uint64{56}}, five, Silent, Away, Foreign},
		{"by id, other content", Disk{ID: 6, Sectors: 100}, six, Other, Away, Foreign},
		{"by id, another size", Disk{ID: 6, Sectors: 101}, six, Silent, Away, Perhaps},
		{"by id, another size and other content", Disk{ID: 6, Sectors: 101}, six, Other, Away, Foreign},
		{"by id, nothing tells", Disk{ID: 6, Sectors: 100, Prints: []uint64{77}}, six, Silent, Away, Perhaps},
		{"by id, a doubled identity", Disk{ID: 5, Sectors: 100, Twin: "/dev/sdx"}, five, Silent, Away, Perhaps},
		{"by name, nothing tells", Disk{ID: 9, Name: "six", Sectors: 100}, six, Silent, Away, Perhaps},
		{"by size alone", Disk{ID: 9, Sectors: 100}, six, Silent, Away, Lookalike},
		{"by size, another identity", Disk{ID: 9, Sectors: 100, Prints: []uint64{56}}, five, Silent, Away, Unrelated},
		{"by size, other content", Disk{ID: 9, Sectors: 100}, six, Other, Away, Unrelated},
		{"nothing in common", Disk{ID: 9, Sectors: 99, Prints: []uint64{56}}, five, Silent, Away, Unrelated},
		{"it may have grown, and got an identity", Disk{ID: 9, Sectors: 101, Prints: []uint64{56}}, six, Silent, Away, Lookalike},
		{"it may have been shrunk, and lost its identity", Disk{ID: 9, Sectors: 99}, five, Silent, Away, Lookalike},
		{"it may have been shrunk", Disk{ID: 9, Sectors: 99}, six, Silent, Away, Lookalike},
		{"it may have grown while it was blank", Disk{ID: 9, Sectors: 101}, six, Silent, Away, Lookalike},
		{"it may have grown, but for what is written on it", Disk{ID: 9, Sectors: 101}, six, Other, Away, Unrelated},
		{"resized, and the data has its disk", Disk{ID: 9, Sectors: 101}, six, Silent, Served, Unrelated},
		{"another identity, which is all that an old log knows", Disk{ID: 9, Sectors: 100, Prints: []uint64{56}}, old, Silent, Away, Lookalike},
		{"the same, and the size is another too", Disk{ID: 9, Sectors: 101, Prints: []uint64{56}}, old, Silent, Away, Unrelated},
		{"the same, and it has the id", Disk{ID: 7, Sectors: 100, Prints: []uint64{56}}, old, Silent, Away, Foreign},
		{"the data has its disk", Disk{ID: 9, Sectors: 100}, six, Silent, Served, Unrelated},
		{"the data has its disk, this is a clone", Disk{ID: 9, Sectors: 100, Prints: []uint64{56}}, five, Same, Served, Copy},
		{"the data has its disk, this is an old copy", Disk{ID: 9, Sectors: 100}, six, Changed, Served, Copy},
		{"the data has its disk, and this is it or a copy", Disk{ID: 9, Sectors: 100}, six, Same, Served, Copy},
		{"the data has its disk, and this is it by its identity", Disk{ID: 9, Sectors: 100, Prints: []uint64{55}}, five, Same, Served, Own},
		{"its disk is here, and this is a copy without an identity", Disk{ID: 9, Sectors: 100}, five, Same, Present, Copy},
		{"the same, under its id", Disk{ID: 5, Sectors: 100}, five, Same, Present, Copy},
		{"the same, written to", Disk{ID: 9, Sectors: 100}, five, Changed, Present, Copy},
		{"its disk is here, and this is a copy with an identity", Disk{ID: 9, Sectors: 100, Prints: []uint64{56}}, five, Same, Present, Copy},
		{"its disk is here, and this is blank", Disk{ID: 9, Sectors: 100}, five, Silent, Present, Unrelated},
		{"its disk is here, and this is blank, under its id", Disk{ID: 5, Sectors: 100}, five, Silent, Present, Foreign},
		{"its disk is here, and this is another, under its name", Disk{ID: 9, Name: "five", Sectors: 100}, five, Other, Present, Foreign},
	} {
		if got := c.disk.Kin(&c.binding, c.content, c.at); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// What a log binds is what is known of the disk; an identity that is not its
// alone is none.
func TestBinding(t *testing.T) {
	for _, c := range []struct {
		disk Disk
		want uint64
	}{
		{Disk{Prints: []uint64{7, 8}}, 7},
		{Disk{Twin: "/dev/sdx"}, 0},
		{Disk{}, 0},
	} {
		if got := c.disk.Binding().Fingerprint; got != c.want || (got == 0) != (c.disk.Nameless() != "") {
			t.Errorf("%+v: fingerprint %d, %q", c.disk, got, c.disk.Nameless())
		}
	}
}

// What a verdict says of whose disk it is: blank sectors tell nothing, and a
// few that differ are a mount.
func TestP8Evidence(t *testing.T) {
	of := func(differ, alike int, telling bool) *witness.Verdict {
		v := &witness.Verdict{Alike: alike, Telling: telling}
		v.Differ[witness.Head] = differ
		return v
	}
	for _, c := range []struct {
		name string
		v    *witness.Verdict
		want Evidence
	}{
		{"all as it was", of(0, 384, true), Same},
		{"blank", of(0, 0, false), Silent},
		{"mounted", of(1, 383, true), Changed},
		{"half of it", of(192, 192, true), Changed},
		{"all differs", of(384, 0, true), Other},
		{"hardly anything is as it was", of(380, 4, true), Other},
		{"a blank disk that was written to", of(2, 0, true), Silent},
	} {
		if got := evidence(c.v); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
