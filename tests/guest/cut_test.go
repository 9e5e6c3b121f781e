package guest

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// ledger is what outlives the guest: the last version of each block that was
// confirmed to be durable.
type ledger map[int]uint64

// follow reads "block version" lines until the reader ends. It returns the
// number of lines and the highest version.
func (l ledger) follow(r io.Reader) (n int, highest uint64) {
	for s := bufio.NewScanner(r); s.Scan(); {
		var block int
		var version uint64
		if _, err := fmt.Sscan(s.Text(), &block, &version); err != nil {
			continue // the line that the cut has torn
		}
		l[block] = max(l[block], version)
		highest = max(highest, version)
		n++
	}
	return n, highest
}

// check compares what is on the device with what was confirmed. limit is above
// every version that was ever written.
func (l ledger) check(t *testing.T, dump string, limit uint64) {
	t.Helper()
	seen := 0
	for _, line := range strings.Split(dump, "\n") {
		fields := strings.Fields(line)
		block, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatalf("ledger read: %q", line)
		}
		seen++
		for _, f := range fields[1:] {
			v, err := strconv.ParseUint(f, 10, 64)
			if err != nil || v < l[block] || v > limit {
				t.Errorf("block %d holds version %s, %d was durable, %d is the newest", block, f, l[block], limit)
			}
		}
		// A 4 KiB block is written by one request, but only a sector is atomic
		// while the request is under way: two versions may meet, no third.
		if len(fields) > 3 {
			t.Errorf("block %d is a mixture: %s", block, line)
		}
	}
	if seen != ledgerBlocks {
		t.Errorf("%d blocks read, %d expected", seen, ledgerBlocks)
	}
}

const ledgerBlocks = 2048

// TestP1LedgerOverPowerCuts cuts the power under writers that call fdatasync,
// beside a fio that does the same elsewhere on the device, again and again on
// the same disks. LC_CUTS sets how often.
func TestP1LedgerOverPowerCuts(t *testing.T) {
	cuts := 6
	if n, err := strconv.Atoi(os.Getenv("LC_CUTS")); err == nil {
		cuts = n
	}
	m := boot(t, sized(fast, 40<<20), sized(fast, 256<<20), time.Duration(2+cuts)*time.Minute)
	m.format("--segment-size 256K")
	m.resume()
	confirmed := ledger{}
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	highest, total := uint64(1), 0
	for i := range cuts {
		from := highest + 1000 // no version is ever written twice
		out, in := io.Pipe()
		_, err := m.Start(vm.Command{Script: fmt.Sprintf("exec ledger write /dev/lc/myLV -jobs 4 -blocks %d -seed %d -from %d", ledgerBlocks, i, from), Stdout: in})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Start(vm.Command{Script: "fio --name=x --filename=/dev/lc/myLV --ioengine=io_uring --direct=1 --offset=64m --size=128m --rw=randwrite --bsrange=4k-64k --iodepth=8 --fdatasync=8 --time_based --runtime=600 >/dev/null"}); err != nil {
			t.Fatal(err)
		}
		type count struct {
			n       int
			highest uint64
		}
		counted := make(chan count, 1)
		go func() {
			n, h := confirmed.follow(out)
			counted <- count{n, h}
		}()
		time.Sleep(3*time.Second + time.Duration(rnd.IntN(4000))*time.Millisecond)
		loss := disk.Dice(rnd.Uint64())
		if i%3 == 2 {
			loss = disk.LoseAll
		}
		if _, err := m.PowerCut(loss); err != nil {
			t.Fatal(err)
		}
		in.Close()
		c := <-counted
		total += c.n
		if c.n == 0 {
			t.Errorf("cut %d: nothing was confirmed before it", i)
		}
		highest = max(highest, c.highest)
		if err := m.PowerOn(m.ctx); err != nil {
			t.Fatal(err)
		}
		m.resume()
		confirmed.check(t, m.sh(fmt.Sprintf("ledger read /dev/lc/myLV -blocks %d", ledgerBlocks)), highest+900)
		if t.Failed() {
			t.Fatalf("cut %d of %d (seed %d)", i+1, cuts, seed)
		}
	}
	t.Logf("%d cuts, %d durable writes confirmed, none lost", cuts, total)
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
	confirmed.check(t, m.sh(fmt.Sprintf("ledger read $hdd -blocks %d", ledgerBlocks)), highest+900)
}
