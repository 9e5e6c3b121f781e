package guest

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// pulled and plugged take a disk out of the running guest and bring it back.
const (
	pull = `pull() { echo 1 >/sys/block/$(basename $(readlink -f $1))/device/../remove; }
plug() { echo 1 >/sys/bus/pci/rescan; until [ -b $(readlink -f $1) ]; do sleep 0.1; done; }
`
)

// TestP8OldCopyOfTheSSD copies the SSD, uses and drains the copy, and comes back
// with the old one: it is refused, whether the copy is there or this host only
// remembers it.
func TestP8OldCopyOfTheSSD(t *testing.T) {
	long(t)
	m := boot(t, sized(fast, 64<<20), sized(fast, 64<<20), 6*time.Minute, vm.Disk{Name: "copy", Model: sized(fast, 64<<20)})
	const up = "; lc create myLV 5 $hdd; lc attach 5 3\n"
	const down = "lc detach 5; lc free-cache 3; lc remove 5; lc shutdown\n"
	fill := func(what string) string {
		return "yes " + what + " | dd of=/dev/lc/myLV bs=1M count=8 iflag=fullblock oflag=direct conv=fsync 2>/dev/null\n"
	}
	m.sh("lc format-cache $ssd; lc resume 3 $ssd" + up + "lc set caches/3/allow_migrate 0\n" + fill("old"))
	m.dirty()
	m.sh("lc shutdown; dd if=$ssd of=$copy bs=1M conv=fsync 2>/dev/null\n" + pull + "pull $ssd\nlc resume 3 $copy" + up + fill("new") + down)
	want := m.sh("sha256sum <$hdd")

	m.sh(pull + "plug $ssd")
	m.refusesOld("the newer copy is there", want)
	m.sh("lc shutdown 2>/dev/null || true\n" + pull + "pull $copy")
	m.refusesOld("the host remembers the newer copy", want)
}

// refusesOld brings the old SSD up as far as it goes.
func (m *machine) refusesOld(when, want string) {
	m.t.Helper()
	for _, verb := range []string{"create myLV 5 $hdd", "resume 3 $ssd", "attach 5 3"} {
		code, out := m.try("lc " + verb)
		m.t.Logf("%s: lc %s: %d, %s", when, verb, code, out)
		if strings.HasPrefix(verb, "create") && !strings.Contains(out, "older copy") && !strings.Contains(out, "old copy") {
			m.t.Errorf("%s: create advises the old copy: %s", when, out)
		}
		if strings.HasPrefix(verb, "resume") && (code != mismatch || !strings.Contains(out, "newer")) {
			m.t.Errorf("%s: lc %s: %d, %s", when, verb, code, out)
		}
	}
	if got := m.sh("sha256sum <$hdd"); got != want {
		m.t.Errorf("%s: the disk holds older data now", when)
	}
}
