package main

import "strings"

// system is something to measure. Its scripts find the devices in $ssd, $hdd
// and, in a guest, $slow, the cache device in $cache, and the size of the cache
// in $cachemb.
type system struct {
	name     string
	up, down string
	dev      string // where it is, for the shell
	program  string // of ours, that it needs
	backed   bool   // uses $hdd
	cached   bool   // uses $cache
	peer     bool   // somebody else's cache
	ours     bool   // our cache
	// drain writes all dirty data to $hdd and returns when that is done.
	drain string
	// background starts to drain and returns at once.
	background string
	// bypass sends long sequential writes past the cache. It prints why, where
	// it cannot.
	bypass string
	// other brings up a second device of the cache, on $slow, and names it in
	// $other.
	other string
	// once: a reference that nothing is compared with, measured in the first
	// round only.
	once bool
	// extra: a variant, not among all systems.
	extra bool
	// memory: its devices are made in memory, whatever there are else.
	memory bool
}

func (s system) names() []string {
	if s.extra {
		return []string{s.name}
	}
	return []string{s.name, "all"}
}

// diskless tells whether the system is made in memory alone.
func (s system) diskless() bool {
	return s.memory || strings.HasPrefix(s.dev, "/dev/nullb") || s.program == "ublkdemo" || s.program == cserver
}

// like is the name that a work's list of systems knows it by.
func (s system) like() string {
	if s.ours {
		return "lc"
	}
	return s.name
}

// wipe removes what could be taken for a file system or a cache.
const wipe = `wipe() { for d in "$@"; do dd if=/dev/zero of=$d bs=1M count=4 oflag=direct conv=notrunc 2>/dev/null; done; }
`

var systems = []system{
	{name: "ssd", dev: "$ssd"},
	{name: "hdd", dev: "$hdd", backed: true, once: true},
	{name: "nullblk", dev: "/dev/nullb0", once: true,
		up:   "[ ! -e /dev/nullb0 ] || { echo 'null_blk is in use already' >&2; exit 1; }; modprobe null_blk nr_devices=1 gb=4",
		down: "rmmod null_blk"},
	null("null", "null --queues 1"),
	null("null2", "null --queues 2"),
	variant(null("nullcopy", "copy --queues 1")),
	variant(null("nullusercopy", "user-copy --queues 1")),
	variant(reference("cnull", "1")),
	variant(reference("cnull2", "2")),
	writecache(),
	bcache(),
	dmcache(),
	cached("lc", ""),
	variant(cached("lc2", "--queues 2")),
	variant(inMemory(cached("lcmem", ""))),
}

func variant(s system) system {
	s.extra = true
	return s
}

// inMemory puts a system on devices that take no time, and of a processor's very
// little: what is left is what the system itself costs. The log keeps its first
// 32 MiB, and forgets what is written behind them: copying that would cost more
// than the cache. It is no match for targets, which are about the devices that
// others have too.
func inMemory(s system) system {
	s.memory, s.backed, s.cached, s.ours = true, false, false, false
	s.up = "[ ! -e /dev/ram0 ] || { echo 'brd is in use already' >&2; exit 1; }\n" +
		`modprobe brd rd_nr=2 rd_size=1048576; modprobe dm-zero
printf '0 65536 linear /dev/ram0 0\n65536 8323072 zero\n' | dmsetup create lcbench-log
cache=/dev/mapper/lcbench-log; hdd=/dev/ram1
` + s.up
	s.down = "cache=/dev/mapper/lcbench-log; " + s.down + "; dmsetup remove --retry lcbench-log; rmmod brd"
	return s
}

// null is our null device over ublk, as the demo serves it.
func null(name, demo string) system {
	return system{name: name, program: "ublkdemo", once: name == "null2", dev: "$(cat $tmp/null.dev)",
		up: `modprobe ublk_drv; rm -f $tmp/null.dev
ublkdemo ` + demo + ` --size 4G >$tmp/null.dev 2>$tmp/null.err </dev/null & echo $! >$tmp/null.pid
for i in $(seq 100); do [ -s $tmp/null.dev ] && exit; sleep 0.1; done; cat $tmp/null.err >&2; exit 1`,
		down: `p=$(cat $tmp/null.pid); kill -TERM $p; for i in $(seq 100); do [ -e /proc/$p ] || exit 0; sleep 0.1; done; exit 1`}
}

const (
	cserver = "cserver" // what -cserver names, under a name of its own
	refID   = "99"      // of its device
)

// reference is the null device of another server that is used like ublksrv's. A
// child of it serves, which is ended and leaves its device behind.
func reference(name, queues string) system {
	return system{name: name, program: cserver, dev: "/dev/ublkb" + refID,
		up: `modprobe ublk_drv
cserver add -t null -n ` + refID + ` -q ` + queues + ` -d 128 >$tmp/cnull.out 2>&1 </dev/null &
for i in $(seq 100); do [ -b /dev/ublkb` + refID + ` ] && exit; sleep 0.1; done; cat $tmp/cnull.out >&2; exit 1`,
		down: `p=$(ublkdemo list | sed -n 's/^` + refID + ` .* pid \([0-9]*\),.*/\1/p'); kill -KILL $p
for i in $(seq 100); do ublkdemo delete ` + refID + ` 2>$tmp/cnull.out && exit; sleep 0.1; done; cat $tmp/cnull.out >&2; exit 1`}
}

func writecache() system {
	return system{name: "writecache", dev: "/dev/mapper/lcbench-wc", backed: true, cached: true, peer: true,
		up: wipe + `modprobe dm-writecache
wipe $cache
dmsetup create lcbench-wc --table "0 $(blockdev --getsz $hdd) writecache s $hdd $cache 4096 0"`,
		down:       wipe + "dmsetup remove --retry lcbench-wc; wipe $cache",
		drain:      "dmsetup message lcbench-wc 0 flush",
		background: "dmsetup message lcbench-wc 0 flush >/dev/null 2>&1 </dev/null &"}
}

// bcacheDir is the folder of the pair in sysfs. It goes by the disk, as a host
// may have other caches of the same kind.
const bcacheDir = "b=/sys/class/block/$(basename $(readlink -f $hdd))/bcache\n"

// bcache is tuned to take every write: no bypass, and dirty data up to 40 %.
func bcache() system {
	return system{name: "bcache", backed: true, cached: true, peer: true,
		dev: "/dev/$(basename $(readlink -f /sys/class/block/$(basename $(readlink -f $hdd))/bcache/dev))",
		up: wipe + bcacheDir + `modprobe bcache
wipe $cache $hdd
make-bcache --writeback --bucket $([ $cachemb -lt 256 ] && echo 64k || echo 512k) -B $hdd -C $cache >/dev/null
for i in $(seq 50); do
	[ -e $b/cache/stop ] && [ -e $b/dev ] && break
	for d in $cache $hdd; do echo $d > /sys/fs/bcache/register 2>/dev/null || true; done; sleep 0.2
done
echo 0 > $b/sequential_cutoff
for f in $b/cache/congested_*_threshold_us; do echo 0 > $f; done
echo 40 > $b/writeback_percent`,
		down: wipe + bcacheDir + `c=$(readlink -f $b/cache); echo 1 > $b/stop; echo 1 > $c/stop
for i in $(seq 100); do [ -e $b ] || [ -e $c ] || break; sleep 0.1; done; sleep 1
wipe $cache $hdd`,
		drain: bcacheDir + `echo 0 > $b/writeback_percent; echo 0 > $b/writeback_delay; echo 1 > $b/writeback_running
for i in $(seq 6000); do [ "$(cat $b/state)" = clean ] && exit; sleep 0.1; done; echo "still $(cat $b/state)" >&2; exit 1`,
		background: bcacheDir + "echo 0 > $b/writeback_percent; echo 0 > $b/writeback_delay; echo 1 > $b/writeback_running",
		bypass:     bcacheDir + "echo 4194304 > $b/sequential_cutoff"}
}

func dmcache() system {
	return system{name: "dmcache", dev: "/dev/mapper/lcbench-cc", backed: true, cached: true, peer: true, once: true,
		up: wipe + `modprobe dm-cache-smq
wipe $cache
dmsetup create lcbench-meta --table "0 32768 linear $cache 0"
dmsetup create lcbench-data --table "0 $(( $(blockdev --getsz $cache) - 32768 )) linear $cache 32768"
dmsetup create lcbench-cc --table "0 $(blockdev --getsz $hdd) cache /dev/mapper/lcbench-meta /dev/mapper/lcbench-data $hdd 64 1 writeback smq 0"`,
		down: wipe + "for d in cc data meta; do dmsetup remove --retry lcbench-$d; done; wipe $cache"}
}

// cached is our cache, its device created with options. It goes down without a
// drain: the next work starts on an empty log in any case.
func cached(name, options string) system {
	return system{name: name, program: "lc", dev: "$(lc get devices/5/node)", backed: true, cached: true, ours: true,
		up: wipe + `modprobe ublk_drv
wipe $cache
lc format-cache --force $cache
lc resume 3 $cache
lc create lcbench 5 $hdd ` + options + `
lc attach 5 3`,
		down:       wipe + "lc shutdown || { sleep 1; lc shutdown --force; }; wipe $cache",
		drain:      "lc detach 5 >/dev/null",
		background: "lc daemon start",
		bypass: `lc get devices/5/sequential_cutoff >/dev/null 2>&1 || { echo 'this lc has no sequential_cutoff'; exit; }
lc set devices/5/sequential_cutoff 4194304 >&2`,
		other: "lc create lcbench-slow 6 $slow >&2; lc attach 6 3 >&2; other=$(lc get devices/6/node)"}
}
