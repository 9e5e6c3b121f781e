package cli

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// TestDamageIsListed: a user sees each damaged record, and of it what is
// nowhere else, before anything is left out.
func TestDamageIsListed(t *testing.T) {
	var b strings.Builder
	printDamage(&b, &control.Damage{Cache: 3, Records: []control.DamagedRecord{
		{BadRecord: control.BadRecord{Segment: 2, Seq: 5, Offset: 1056768, Reason: "it cannot be read"}, Missing: []control.Sectors{
			{Device: 5, Name: "data", LBA: 8, Sectors: 8}, {Device: 6, Name: "mail", LBA: 3, Sectors: 1}}},
		{BadRecord: control.BadRecord{Segment: 2, Seq: 6, Offset: 1061888, Reason: "its checksum is wrong"}},
	}})
	want := `damaged record 5 of segment 2 (byte 1056768): it cannot be read
lost device 5 (data), sectors 8-15 (4.0 KiB)
lost device 6 (mail), sector 3 (512 B)
damaged record 6 of segment 2 (byte 1061888): its checksum is wrong
lost nothing: newer data of the same sectors is in the log
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	printDamage(&b, &control.Damage{Cache: 3})
	if b.String() != "nothing is damaged in what cache 3 has to migrate\n" {
		t.Errorf("got %q", b.String())
	}
}
