package manager

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// anyClaims are claims under an id with all that may be known of their disk, and
// of where it is.
func anyClaims(id uint8) (all []claim) {
	for _, fingerprint := range []uint64{0, 55, 66} {
		for _, sectors := range []uint64{50, 100, 200} {
			for _, content := range []whose.Evidence{whose.Silent, whose.Same, whose.Changed, whose.Other} {
				if sectors == 200 && content != whose.Silent {
					continue // a smaller disk is not compared
				}
				c := claim{binding: segment.Binding{ID: id, Name: fmt.Sprint("of ", id), Sectors: sectors, Fingerprint: fingerprint}, content: content, verdict: &witness.Verdict{Alike: 100}}
				c.verdict.Differ[witness.Head] = int(content) * int(id)
				away, clean := c, c
				clean.clean, c.original = true, "/dev/original"
				all = append(all, away, clean)
				if fingerprint == 66 { // which the disk that is asked about never has
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// Whatever two claims there are, in one log or in two: a disk does not do without
// a log that has data of it, as the host or its content says, nor without one of
// two that know it in part; and no refusal names the command that it is of.
func TestP8AnyTwoClaims(t *testing.T) {
	for _, first := range anyClaims(5) {
		for _, second := range append(anyClaims(6), anyClaims(5)...) {
			for _, log := range []string{"/dev/a", "/dev/b"} {
				if first.log, second.log = "/dev/a", log; log == "/dev/a" && second.binding.ID == 5 {
					continue // an id has one binding in a log
				}
				first.cache, second.cache = 3, 3+log[5]-97
				for _, d := range []whose.Disk{{ID: 5, Name: "x"}, {ID: 6, Name: "of 5"}, {ID: 7, Name: "of 6"}, {ID: 7, Name: "x"}} {
					d.Path, d.Sectors = "/dev/x", 100
					for _, d.Prints = range [][]uint64{nil, {55}} {
						checkVerdict(t, d, []claim{first, second}, false)
						checkVerdict(t, d, []claim{first, second}, true)
					}
				}
			}
		}
	}
}

func checkVerdict(t *testing.T, d whose.Disk, claims []claim, distinct bool) {
	t.Helper()
	r, err := rule(&d, apart(&d, claims), distinct)
	command := fmt.Sprintf("`lc create %s %d /dev/x`", d.Name, d.ID)
	if distinct {
		command = strings.TrimSuffix(command, "`") + " --other-disk`"
	}
	if err != nil && strings.Contains(err.Error(), command) {
		t.Errorf("%+v: advises what was done: %v", claims, err)
	}
	for i := range claims {
		c, identity := &claims[i], d.Identity(&claims[i].binding)
		own := identity == whose.Same || c.place() == whose.Away && c.content == whose.Same && (!distinct || identity != whose.Other) ||
			c.place() == whose.Away && c.content == whose.Changed && !distinct && identity != whose.Other && claims[0].log != claims[1].log
		if err == nil && own && !c.clean && r.waitsFor != c.cache {
			t.Errorf("%+v as %d, %q, %v, %v: %+v", claims, d.ID, d.Name, d.Prints, distinct, r)
		}
	}
}
