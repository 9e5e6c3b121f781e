package guest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// Models of the devices. fast has no delays, for tests of what is right.
var (
	ssd  = disk.Config{Size: 512 << 20, Latency: 60 * time.Microsecond, FlushLatency: time.Millisecond, WriteBPS: 60e6, WriteIOPS: 5000}
	fast = disk.Config{}
)

func sized(c disk.Config, size int64) disk.Config {
	c.Size = size
	return c
}

// machine is a guest with the lc program and two disks, ssd and hdd.
type machine struct {
	*vm.Machine
	t   *testing.T
	ctx context.Context
}

// boot starts a guest, or skips the test where none is wanted. more are disks
// beside ssd and hdd.
func boot(t *testing.T, ssd, hdd disk.Config, limit time.Duration, more ...vm.Disk) *machine {
	t.Helper()
	return bootDisks(t, limit, vm.Config{Disks: append([]vm.Disk{{Name: "ssd", Model: ssd}, {Name: "hdd", Model: hdd}}, more...)})
}

// bootDisks is boot with whatever disks, and other differences.
func bootDisks(t *testing.T, limit time.Duration, c vm.Config) *machine {
	t.Helper()
	if os.Getenv("LC_VM") == "" {
		t.Skip("boots a guest: run it with `make test-vm`")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	c.MemMB = 2048
	c.Files = map[string]string{"/usr/bin/lc": program(t, "../../cmd/lc", "lc"), "/usr/bin/ledger": program(t, "./ledger", "ledger")}
	m, err := vm.Boot(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	g := &machine{m, t, ctx}
	g.sh("modprobe ublk_drv")
	return g
}

// again cuts the power of a machine that has synced, and boots.
func (m *machine) again() {
	m.t.Helper()
	m.sh("sync")
	if _, err := m.PowerCut(disk.LoseAll); err != nil {
		m.t.Fatal(err)
	}
	if err := m.PowerOn(m.ctx); err != nil {
		m.t.Fatal(err)
	}
	m.sh("modprobe ublk_drv")
}

// long skips a test that CI has no time for.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("LC_LONG") == "" {
		t.Skip("takes minutes: run it with `make test-disks`")
	}
}

// program builds a static program once a test.
func program(t *testing.T, pkg, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v: %s", pkg, err, out)
	}
	return path
}

// sh runs a script that must succeed, and returns its output.
func (m *machine) sh(script string) string {
	m.t.Helper()
	out, err := m.Output(m.ctx, script)
	if err != nil {
		m.t.Fatalf("%s\n%s\n%v", script, out, err)
	}
	return strings.TrimSpace(out)
}

// resume brings the devices up as the manual says, after a boot.
func (m *machine) resume() {
	m.t.Helper()
	m.sh(`modprobe ublk_drv
lc resume 3 $ssd
lc create myLV 5 $hdd --queues 2
lc attach 5 3
lc daemon start`)
}

// format makes the cache, once.
func (m *machine) format(options string) {
	m.t.Helper()
	m.sh("lc format-cache " + options + " $ssd")
}

// fio runs a job and returns its JSON's first job.
func (m *machine) fio(dev, options string) fioJob {
	m.t.Helper()
	out := m.sh("fio --name=x --filename=" + dev + " --ioengine=io_uring --direct=1 --output-format=json " + options)
	var res struct{ Jobs []fioJob }
	if i := strings.Index(out, "{"); i < 0 || json.Unmarshal([]byte(out[i:]), &res) != nil || len(res.Jobs) == 0 {
		m.t.Fatalf("fio printed %q", out)
	}
	return res.Jobs[0]
}

type fioJob struct {
	Error       int
	Read, Write struct {
		IOPS  float64
		Bytes int64 `json:"io_bytes"`
	}
}
