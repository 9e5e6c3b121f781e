package guest

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// TestP8TwinsSwapped has two disks that the host cannot tell apart, each with
// data in the log, and exchanges them between boots: /dev/vdc is what /dev/vdd
// was. The commands that were right are refused then, and nothing was written
// to either disk. The same with the right names goes on.
func TestP8TwinsSwapped(t *testing.T) {
	for _, c := range []struct{ name, serial string }{{"no serial", vm.NoSerial}, {"one serial", "TWIN"}} {
		t.Run(c.name, func(t *testing.T) {
			if c.serial != vm.NoSerial {
				long(t)
			}
			twins(t, c.serial)
		})
	}
}

// twinsUp is what the manual says after a boot; the disk of a is named first.
const twinsUp = `set -- %disks; lc resume 3 $ssd
lc create a 1 $1; lc attach 1 3
lc create b 2 $2; lc attach 2 3`

func twinsOn(disks string) string { return strings.Replace(twinsUp, "%disks", disks, 1) }

func twins(t *testing.T, serial string) {
	size := sized(fast, 48<<20)
	m := bootDisks(t, 6*time.Minute, vm.Config{Disks: []vm.Disk{
		{Name: "ssd", Model: sized(fast, 64<<20)}, {Name: "a", Model: size, Serial: serial}, {Name: "b", Model: size, Serial: serial},
	}})
	m.sh("lc format-cache $ssd;" + twinsOn("/dev/vdc /dev/vdd"))
	for _, d := range []string{"a", "b"} {
		m.sh("yes " + d + "old | dd of=/dev/lc/" + d + " bs=1M count=8 iflag=fullblock oflag=direct conv=fsync 2>/dev/null")
	}
	m.sh("lc drain 3; lc set caches/3/allow_migrate 0")
	for _, d := range []string{"a", "b"} {
		m.sh("yes " + d + "new | dd of=/dev/lc/" + d + " bs=1M count=6 seek=4 iflag=fullblock oflag=direct conv=fsync 2>/dev/null")
	}
	m.dirty()
	sum := func(a, b string) string {
		return m.sh("for d in " + a + " " + b + "; do dd if=$d bs=1M count=12 iflag=direct 2>/dev/null | sha256sum; done")
	}
	want := sum("/dev/lc/a", "/dev/lc/b")

	if err := m.Order("ssd", "b", "a"); err != nil {
		t.Fatal(err)
	}
	m.again()
	raw := sum("$a", "$b")
	m.refusesSwapped()
	if got := sum("$a", "$b"); got != raw {
		t.Errorf("a disk was written to in spite of the refusal:\n%s\nit had\n%s", got, raw)
	}

	m.sh("lc shutdown\n" + twinsOn("/dev/vdd /dev/vdc")) // the way out: the right disks
	if got := sum("/dev/lc/a", "/dev/lc/b"); got != want {
		t.Errorf("with the right names the devices hold\n%s\nnot\n%s", got, want)
	}
	m.sh("lc set caches/3/allow_migrate 0")

	if err := m.Order("ssd", "a", "b"); err != nil {
		t.Fatal(err)
	}
	m.again()
	m.sh(twinsOn("/dev/vdc /dev/vdd"))
	if got := sum("/dev/lc/a", "/dev/lc/b"); got != want {
		t.Errorf("unswapped the devices hold\n%s\nnot\n%s", got, want)
	}
	m.sh("lc detach 1; lc detach 2; lc free-cache 3; lc remove 1; lc remove 2; lc shutdown")
	if got := sum("/dev/vdc", "/dev/vdd"); got != want {
		t.Errorf("drained, the disks hold\n%s\nnot\n%s", got, want)
	}
}

// refusesSwapped runs the commands of the day before on the swapped disks.
func (m *machine) refusesSwapped() {
	m.t.Helper()
	for _, verb := range []string{"resume 3 $ssd", "create a 1 /dev/vdc", "attach 1 3"} {
		code, out := m.try("lc " + verb)
		m.t.Logf("swapped: lc %s: %d, %s", verb, code, out)
		switch {
		case code == 0:
		case code != mismatch || !strings.Contains(out, "lc "):
			m.t.Errorf("lc %s: exit code %d, expected %d and a way out: %s", verb, code, mismatch, out)
			return
		default:
			if code, _ := m.try("test ! -e /dev/lc/a"); code != 0 {
				m.t.Error("the device is there in spite of the refusal")
			}
			return
		}
	}
	m.t.Error("none of resume, create and attach refuses the other disk")
}
