package guest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// flakeyDevices puts the device mapper between the cache and its two disks, so
// that a fault can come and go under a server that runs.
const flakeyDevices = `export DM_DISABLE_UDEV=1
modprobe ublk_drv; modprobe dm_flakey
dmsetup create fast --table "0 $(blockdev --getsz $ssd) linear $ssd 0"
dmsetup create slow --uuid slow --table "0 $(blockdev --getsz $hdd) linear $hdd 0"`

const flakeyResume = `lc resume 3 /dev/mapper/fast
lc create myLV 5 /dev/mapper/slow --queues 2
lc attach 5 3`

// bootFlakey starts a guest with a cache on devices that can be made to fail.
func bootFlakey(t *testing.T, ssdSize int64) *machine {
	t.Helper()
	m := boot(t, sized(fast, ssdSize), sized(fast, 128<<20), 8*time.Minute)
	m.sh(flakeyDevices + "\nlc format-cache --segment-size 64K /dev/mapper/fast\n" + flakeyResume)
	return m
}

// fault makes every request of a kind fail from now on: drop_writes,
// error_writes, error_reads, or "" for none.
func (m *machine) fault(dev, feature string) {
	m.t.Helper()
	disk := map[string]string{"fast": "$ssd", "slow": "$hdd"}[dev]
	table := "linear " + disk + " 0"
	if feature != "" {
		table = "flakey " + disk + " 0 0 3600 1 " + feature // never up, down for an hour
	}
	m.sh(fmt.Sprintf(`export DM_DISABLE_UDEV=1
dmsetup load %[1]s --table "0 $(blockdev --getsz %[2]s) %[3]s"
dmsetup suspend --nolockfs %[1]s
dmsetup resume %[1]s`, dev, disk, table))
}

// try runs a script that may fail, but must not hang. It returns the exit
// status and all output.
func (m *machine) try(script string) (int, string) {
	m.t.Helper()
	var out bytes.Buffer
	code, err := m.Run(m.ctx, vm.Command{Args: []string{"timeout", "-k", "1", "60", "bash", "-euc", script}, Stdout: &out, Stderr: &out})
	if err != nil {
		m.t.Fatalf("%s\n%s\n%v", script, &out, err)
	}
	if code == 124 || code == 137 {
		m.t.Fatalf("%s\nhangs:\n%s\n%s", script, &out, m.sh("lc status || true; dmesg | tail -20"))
	}
	return code, strings.TrimSpace(out.String())
}

// book is a ledger that can be asked while it is written.
type book struct {
	mu        sync.Mutex
	confirmed ledger
	lines     int
	highest   uint64
}

func newBook() *book { return &book{confirmed: ledger{}, highest: 1} }

func (b *book) follow(r *bufio.Reader) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		b.mu.Lock()
		n, v := b.confirmed.follow(strings.NewReader(line))
		b.lines += n
		b.highest = max(b.highest, v)
		b.mu.Unlock()
	}
}

// now is what is confirmed, and a version above all that were written.
func (b *book) now() (confirmed ledger, limit uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.confirmed), b.highest + 900
}

func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines
}

// writers are ledger writers at work.
type writers struct {
	m    *machine
	p    *vm.Process
	in   io.Closer
	read chan struct{} // closed when all they said is in the book
	err  *bytes.Buffer
}

// write starts writers, and returns when they are under way.
func (m *machine) write(b *book) *writers {
	m.t.Helper()
	_, limit := b.now()
	out, in := io.Pipe()
	w := &writers{m: m, in: in, read: make(chan struct{}), err: &bytes.Buffer{}}
	var err error
	w.p, err = m.Start(vm.Command{Script: fmt.Sprintf("exec ledger write /dev/lc/myLV -jobs 4 -blocks %d -seed %d -from %d", ledgerBlocks, limit, limit+100), Stdout: in, Stderr: w.err})
	if err != nil {
		m.t.Fatal(err)
	}
	go func() {
		b.follow(bufio.NewReader(out))
		close(w.read)
	}()
	w.more(b, 200)
	return w
}

// more waits until so many further writes are confirmed.
func (w *writers) more(b *book, n int) {
	w.m.t.Helper()
	for from, start := b.count(), time.Now(); b.count() < from+n; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			w.m.t.Fatalf("%d writes confirmed in a minute, %d expected\n%s", b.count()-from, n, w.m.sh("lc status"))
		}
	}
}

// end waits until the writers have ended by themselves, or because stop is set.
func (w *writers) end(stop bool) int {
	w.m.t.Helper()
	if stop {
		if err := w.p.Signal(9); err != nil {
			w.m.t.Fatal(err)
		}
	}
	select {
	case <-w.p.Done():
	case <-time.After(time.Minute):
		w.m.t.Fatalf("the writers hang\n%s", w.m.sh("lc status"))
	}
	code, err := w.p.Wait(w.m.ctx)
	if err != nil {
		w.m.t.Fatal(err)
	}
	w.drain()
	return code
}

func (w *writers) drain() {
	w.in.Close()
	<-w.read
}

// powerLoss cuts the power under writers; nothing that was not flushed stays.
func (m *machine) powerLoss(w *writers) {
	m.t.Helper()
	if _, err := m.PowerCut(disk.LoseAll); err != nil {
		m.t.Fatal(err)
	}
	w.drain()
	if err := m.PowerOn(m.ctx); err != nil {
		m.t.Fatal(err)
	}
	m.sh(flakeyDevices)
}

// holds checks a device against the ledger.
func (m *machine) holds(dev string, confirmed ledger, limit uint64) {
	m.t.Helper()
	confirmed.check(m.t, m.sh(fmt.Sprintf("ledger read %s -blocks %d", dev, ledgerBlocks)), limit)
}

// health is what `lc status --json` says of faults.
type health struct {
	State string `json:"state"`
	Log   struct {
		Broken      string `json:"broken"`
		WriteErrors uint64 `json:"log_write_errors"`
		FlushErrors uint64 `json:"log_flush_errors"`
		DirtyBlocks uint64 `json:"dirty_blocks"`
	} `json:"log"`
	Migration struct {
		Errors    uint64 `json:"errors"`
		Failed    uint64 `json:"failed_batches"`
		Segments  uint64 `json:"segments"`
		LastError string `json:"last_error"`
	} `json:"migration"`
	WaitsFor []string `json:"waits_for"`

	deviceErrors uint64
}

func (m *machine) health() health {
	m.t.Helper()
	code, out := m.try("lc status --json")
	var all struct {
		Caches  []health
		Devices []struct {
			Errors uint64 `json:"errors"`
		}
	}
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil || len(all.Caches) != 1 || len(all.Devices) != 1 {
		m.t.Fatalf("lc status: %d, %v\n%s", code, err, out)
	}
	h := all.Caches[0]
	h.deviceErrors = all.Devices[0].Errors
	return h
}

// until waits for a state that must come.
func (m *machine) until(what string, ok func(h health) bool) health {
	m.t.Helper()
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		h := m.health()
		if ok(h) {
			return h
		}
		if time.Since(start) > 30*time.Second {
			m.t.Fatalf("status does not say that %s: %+v", what, h)
		}
	}
}

// TestP2CacheDropsWritesUntilTheCut has a cache device that answers writes and
// flushes and forgets them, while the log is migrated, until the power fails.
// What was durable before it began to lie is there; nothing is invented, and
// nothing that was forgotten has found a way onto the backing.
func TestP2CacheDropsWritesUntilTheCut(t *testing.T) {
	m := bootFlakey(t, 16<<20)
	b := newBook()
	m.sh("lc set caches/3/force_migrate 1")
	for range 2 {
		w := m.write(b)
		before, _ := b.now()
		m.fault("fast", "drop_writes")
		w.more(b, 100)
		time.Sleep(time.Second)
		m.powerLoss(w)
		_, limit := b.now()
		code, out := m.try("lc check /dev/mapper/fast")
		t.Logf("check: %d, %s", code, out)
		m.sh(flakeyResume)
		m.holds("/dev/lc/myLV", before, limit)
		b.confirmed = before // what was confirmed later was a lie
		m.sh("lc set caches/3/force_migrate 1")
	}
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
	_, limit := b.now()
	m.holds("/dev/mapper/slow", b.confirmed, limit)
}

// TestP6CacheDroppedWritesForAWhile has a cache device that forgot some writes
// in the middle. That is damage: the cache does not start, it is said where,
// and either choice of the rescue brings back what it says.
func TestP6CacheDroppedWritesForAWhile(t *testing.T) {
	m := bootFlakey(t, 32<<20)
	b := newBook()
	m.sh("lc set caches/3/allow_migrate 0")
	w := m.write(b)
	before, _ := b.now()
	m.fault("fast", "drop_writes")
	w.more(b, 20)
	m.fault("fast", "")
	w.more(b, 100)
	m.powerLoss(w)
	_, limit := b.now()

	for _, verb := range []string{"resume 3 /dev/mapper/fast", "check /dev/mapper/fast"} {
		code, out := m.try("lc " + verb)
		if code != 11 || !strings.Contains(out, "damaged") {
			t.Errorf("lc %s: %d, %s", verb, code, out)
		}
		t.Logf("lc %s: %d, %s", verb, code, out)
	}
	if code, out := m.try("lc replay /dev/mapper/fast --to /dev/mapper/slow"); code != 11 {
		t.Errorf("replay without a choice: %d, %s", code, out)
	}
	for _, choice := range []string{"--stop-at-damage", "--skip-damage"} {
		code, out := m.try("lc replay /dev/mapper/fast --to /dev/mapper/slow " + choice)
		if code != leftOut {
			t.Errorf("lc replay %s: %d, %s", choice, code, out)
		}
		t.Logf("lc replay %s: %s", choice, lastLine(out))
		m.holds("/dev/mapper/slow", before, limit)
	}
}

// TestP9CacheWriteErrors has a cache device that fails every write: those who
// wait for a barrier get an error, reads go on, the server can be asked and
// ended, and the next one starts with all that was durable.
func TestP9CacheWriteErrors(t *testing.T) {
	m := bootFlakey(t, 16<<20)
	b := newBook()
	w := m.write(b)
	m.fault("fast", "error_writes")
	if code := w.end(false); code != 1 || !strings.Contains(w.err.String(), "input/output error") {
		t.Errorf("the writers ended with %d, %s", code, w.err)
	}
	h := m.until("the cache is broken", func(h health) bool { return h.State == "broken" })
	if h.Log.Broken == "" || h.Log.WriteErrors+h.Log.FlushErrors == 0 {
		t.Errorf("%+v", h)
	}
	t.Logf("broken: %s; %d write and %d flush errors", h.Log.Broken, h.Log.WriteErrors, h.Log.FlushErrors)
	if code, out := m.try("dd if=/dev/zero of=/dev/lc/myLV bs=4k count=1 seek=9000 oflag=direct,sync"); code == 0 {
		t.Errorf("a synchronous write succeeds on a broken cache: %s", out)
	}
	confirmed, limit := b.now()
	m.holds("/dev/lc/myLV", confirmed, limit)
	m.sh("lc list")
	code, out := m.try("lc detach 5")
	t.Logf("lc detach: %d, %s", code, out)
	if code == 0 {
		t.Error("detach says that all data is on the backing")
	}
	code, out = m.try("lc shutdown")
	t.Logf("lc shutdown: %d, %s", code, out)
	if code, out := m.try("test ! -e /dev/ublkb0 && ! pidof lc"); code != 0 {
		t.Errorf("the server is still there: %s", out)
	}
	m.fault("fast", "")
	m.sh(flakeyResume)
	m.holds("/dev/lc/myLV", confirmed, limit)
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
	m.holds("/dev/mapper/slow", confirmed, limit)
}

// TestP9CacheReadErrors has a cache device that fails every read: who reads
// from the log gets an error, writes go on, migration says why it does not, and
// all of it heals with the device.
func TestP9CacheReadErrors(t *testing.T) {
	m := bootFlakey(t, 48<<20)
	b := newBook()
	m.sh("lc set caches/3/allow_migrate 0")
	w := m.write(b)
	w.more(b, 100)
	w.end(true)
	m.sh("lc shutdown\n" + flakeyResume) // so that nothing of it is in RAM
	m.sh("lc set caches/3/allow_migrate 0")
	m.fault("fast", "error_reads")
	if code, out := m.try("dd if=/dev/lc/myLV of=/dev/null bs=4k count=2048 iflag=direct"); code == 0 {
		t.Errorf("the log cannot be read, and nobody noticed: %s", out)
	}
	w = m.write(b)
	m.sh("lc set caches/3/force_migrate 1")
	h := m.until("migration is stuck", func(h health) bool { return h.Migration.Failed > 0 })
	if h.State != "running" || len(h.WaitsFor) == 0 || h.Migration.LastError == "" || h.Migration.Errors == 0 || h.Migration.Segments != 0 {
		t.Errorf("%+v", h)
	}
	t.Logf("stuck: %v, %d errors of the device", h.WaitsFor, h.deviceErrors)
	w.more(b, 50)
	m.fault("fast", "")
	m.until("migration goes on", func(h health) bool { return h.Migration.Segments > 0 && h.Migration.LastError == "" })
	w.end(true)
	confirmed, limit := b.now()
	m.holds("/dev/lc/myLV", confirmed, limit)
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
	m.holds("/dev/mapper/slow", confirmed, limit)
}

// TestP9BackingErrors has a backing that fails every write, and then every
// read: writes are still absorbed, migration says why it is stuck and goes on
// when the disk does; who reads what is not in the log gets an error, and nobody
// else does.
func TestP9BackingErrors(t *testing.T) {
	m := bootFlakey(t, 48<<20)
	b := newBook()
	m.fault("slow", "error_writes")
	w := m.write(b)
	m.sh("lc set caches/3/force_migrate 1")
	h := m.until("migration is stuck", func(h health) bool { return h.Migration.Failed > 0 })
	if h.State != "running" || len(h.WaitsFor) == 0 || h.Migration.LastError == "" || h.Migration.Segments != 0 {
		t.Errorf("%+v", h)
	}
	if why := strings.Join(h.WaitsFor, "; "); len(why) > 300 {
		t.Errorf("what it waits for takes %d bytes: %.300s ...", len(why), why)
	}
	t.Logf("stuck: %v", h.WaitsFor)
	w.more(b, 100)
	m.sh("dd if=/dev/lc/myLV of=/dev/null bs=4k count=512 iflag=direct")
	if code, out := m.try("timeout --preserve-status -s INT 5 lc detach 5"); code != 17 || !strings.Contains(out, "held up: migrate: write at byte") {
		t.Errorf("detach: %d, %s", code, out)
	} else {
		t.Logf("lc detach: %d, %s", code, lastLine(out))
	}
	m.fault("slow", "")
	m.until("migration goes on", func(h health) bool { return h.Migration.Segments > 0 && h.Migration.LastError == "" })

	m.sh("lc set caches/3/force_migrate 0; lc set caches/3/allow_migrate 0")
	w.more(b, 50)
	m.fault("slow", "error_reads")
	if code, out := m.try("dd if=/dev/lc/myLV of=/dev/null bs=4k count=1 skip=20000 iflag=direct"); code == 0 {
		t.Errorf("the backing cannot be read, and nobody noticed: %s", out)
	}
	w.more(b, 50)
	m.sh("dd if=/dev/zero of=/dev/lc/myLV bs=4k count=1 seek=20000 oflag=direct; dd if=/dev/lc/myLV of=/dev/null bs=4k count=1 skip=20000 iflag=direct")
	if h := m.health(); h.State != "running" || h.deviceErrors == 0 {
		t.Errorf("%+v", h)
	}
	m.fault("slow", "")
	w.end(true)
	confirmed, limit := b.now()
	m.holds("/dev/lc/myLV", confirmed, limit)
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
	m.holds("/dev/mapper/slow", confirmed, limit)
}

func lastLine(s string) string { return s[strings.LastIndex(s, "\n")+1:] }
