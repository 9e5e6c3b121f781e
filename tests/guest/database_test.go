package guest

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// databases are the ways in which SQLite commits: one syncs a rollback journal
// and then the database, the other a log of its own.
var databases = []string{"delete", "wal"}

// synchronous makes a COMMIT that has returned durable. FULL does not with a
// rollback journal: the journal's removal, which is the commit, is not synced,
// and a power cut may bring it back
// (https://sqlite.org/pragma.html#pragma_synchronous).
const synchronous = "PRAGMA synchronous=EXTRA;"

// commit is one transaction, and then what somebody who reads the database sees
// of it.
const commit = "BEGIN;" +
	" INSERT INTO t SELECT coalesce(max(a),0)+1, printf('%%0300d', coalesce(max(a),0)+1) FROM t;" +
	" UPDATE s SET n=n+1;" +
	" COMMIT;" +
	" SELECT '%[1]s', max(a) FROM t;"

// commits is how many transactions of each database are known to be durable.
type commits struct {
	mu   sync.Mutex
	rows map[string]int
}

func newCommits() *commits { return &commits{rows: map[string]int{}} }

func (c *commits) of(db string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows[db]
}

// follow reads "database|row" lines until the reader ends. Only whole lines
// count: the cut may tear the last one.
func (c *commits) follow(r *bufio.Reader) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		db, number, _ := strings.Cut(strings.TrimSpace(line), "|")
		row, err := strconv.Atoi(number)
		if err != nil {
			continue // the shell repeats its input
		}
		c.mu.Lock()
		c.rows[db] = max(c.rows[db], row)
		c.mu.Unlock()
	}
}

// fileSystem is one that databases are kept on.
type fileSystem struct{ name, mkfs, fsck string }

var fileSystems = []fileSystem{
	{"ext4", "mkfs.ext4 -q", "e2fsck -fn"},
	{"xfs", "mkfs.xfs -q", "xfs_repair -n"},
}

// TestP1DatabaseOverPowerCuts cuts the power under databases that commit
// synchronously, with files made and removed beside them, again and again on
// the same disks. LC_CUTS sets how often.
func TestP1DatabaseOverPowerCuts(t *testing.T) {
	for _, fs := range fileSystems {
		t.Run(fs.name, func(t *testing.T) {
			cuts := cutsWanted(3)
			m := boot(t, sized(fast, 48<<20), sized(fast, 512<<20), time.Duration(3+cuts)*time.Minute)
			m.format("--segment-size 256K")
			m.resume()
			m.makeDatabases(fs)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			known := newCommits()
			for i := range cuts {
				m.cutUnderDatabases(known, rand.New(rand.NewPCG(seed, uint64(i))), i%3 == 2)
				m.resume()
				m.checkDatabases(fs, "/dev/lc/myLV", known)
				if t.Failed() {
					t.Fatalf("cut %d of %d", i+1, cuts)
				}
			}
			m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
			m.checkDatabases(fs, "$hdd", known)
			for _, db := range databases {
				t.Logf("%d cuts, %d commits of %s, none lost", cuts, known.of(db), db)
			}
		})
	}
}

// cutsWanted is LC_CUTS, or n.
func cutsWanted(n int) int {
	if c, err := strconv.Atoi(os.Getenv("LC_CUTS")); err == nil {
		return c
	}
	return n
}

func (m *machine) makeDatabases(fs fileSystem) {
	m.t.Helper()
	m.sh(fmt.Sprintf("modprobe %s || true\n%s /dev/lc/myLV\nmkdir -p /mnt/fs\nmount /dev/lc/myLV /mnt/fs", fs.name, fs.mkfs))
	for _, db := range databases {
		m.sh(fmt.Sprintf(`echo 'PRAGMA journal_mode=%[1]s; `+synchronous+`
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); CREATE TABLE s(n INTEGER); INSERT INTO s VALUES(0);' | sqlite3 /mnt/fs/%[1]s >/dev/null`, db))
	}
	m.sh("sync; umount /mnt/fs")
}

// cutUnderDatabases lets the databases commit for some seconds and cuts the power.
func (m *machine) cutUnderDatabases(known *commits, rnd *rand.Rand, loseAll bool) {
	m.t.Helper()
	m.sh("mkdir -p /mnt/fs; mount /dev/lc/myLV /mnt/fs")
	before := map[string]int{}
	var followers sync.WaitGroup
	var pipes []io.Closer
	for _, db := range databases {
		before[db] = known.of(db)
		out, in := io.Pipe()
		pipes = append(pipes, in)
		followers.Go(func() { known.follow(bufio.NewReader(out)) })
		// Interactive, the shell prints a row at once.
		m.start(vm.Command{Stdout: in, Script: fmt.Sprintf(`(echo '.prompt "" ""'; echo '`+synchronous+`'; yes "`+commit+`") | sqlite3 -interactive /mnt/fs/%[1]s`, db)})
	}
	m.start(vm.Command{Script: `mkdir -p /mnt/fs/files
while :; do for i in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of=/mnt/fs/files/$i bs=16k count=$i conv=fsync 2>/dev/null; done; rm /mnt/fs/files/*; sleep 0.5; done`})
	time.Sleep(4*time.Second + time.Duration(rnd.IntN(3000))*time.Millisecond)
	m.cut(rnd, loseAll)
	for _, p := range pipes {
		p.Close()
	}
	followers.Wait()
	for _, db := range databases {
		if known.of(db) == before[db] {
			m.t.Errorf("nothing was committed to %s before the cut", db)
		}
	}
}

// start starts a command that the power cut will end.
func (m *machine) start(c vm.Command) {
	m.t.Helper()
	if _, err := m.Start(c); err != nil {
		m.t.Fatal(err)
	}
}

// cut takes the power away and gives it back.
func (m *machine) cut(rnd *rand.Rand, loseAll bool) {
	m.t.Helper()
	loss := disk.Dice(rnd.Uint64())
	if loseAll {
		loss = disk.LoseAll
	}
	if _, err := m.PowerCut(loss); err != nil {
		m.t.Fatal(err)
	}
	if err := m.PowerOn(m.ctx); err != nil {
		m.t.Fatal(err)
	}
}

// checkDatabases lets the file system replay its journal, checks it, and wants
// every commit that is known, whole, and no half of another.
func (m *machine) checkDatabases(fs fileSystem, dev string, known *commits) {
	m.t.Helper()
	m.sh(fmt.Sprintf("modprobe %[1]s || true\nmkdir -p /mnt/fs\nmount %[2]s /mnt/fs\numount /mnt/fs\n%[3]s %[2]s >&2\nmount %[2]s /mnt/fs", fs.name, dev, fs.fsck))
	for _, db := range databases {
		out := m.sh(fmt.Sprintf(`sqlite3 /mnt/fs/%s "PRAGMA integrity_check; SELECT max(a), count(*), (SELECT n FROM s), sum(b <> printf('%%0300d', a)) FROM t"`, db))
		var rows, count, n, wrong int
		_, err := fmt.Sscanf(out, "ok\n%d|%d|%d|%d", &rows, &count, &n, &wrong)
		if err != nil || count != rows || n != rows || wrong != 0 {
			m.t.Errorf("%s is not whole: %q", db, out)
		}
		if rows < known.of(db) {
			m.t.Errorf("%s has %d rows, %d were committed", db, rows, known.of(db))
		}
	}
	m.sh("umount /mnt/fs")
}
