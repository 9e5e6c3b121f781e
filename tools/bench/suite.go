package main

// work is one fio job. SPAN is the part of the device it uses.
type work struct {
	name string
	what string // for the table
	fio  string
}

const span = "200m"

var works = []work{
	{"rw4k-qd32", "random 4 KiB write, depth 32", "--rw=randwrite --bs=4k --iodepth=32"},
	{"rw4k-qd1", "random 4 KiB write, depth 1", "--rw=randwrite --bs=4k --iodepth=1"},
	{"sync4k", "4 KiB write + fdatasync, 1 job", "--rw=randwrite --bs=4k --iodepth=1 --fdatasync=1"},
	{"sync4k-j4", "the same, 4 jobs", "--rw=randwrite --bs=4k --iodepth=1 --fdatasync=1 --numjobs=4 --group_reporting"},
	{"sync4k-j16", "the same, 16 jobs", "--rw=randwrite --bs=4k --iodepth=1 --fdatasync=1 --numjobs=16 --group_reporting"},
	{"mix70", "70/30 read/write, depth 16", "--rw=randrw --rwmixread=70 --bs=4k --iodepth=16"},
	{"seq128k", "sequential 128 KiB write, depth 8", "--rw=write --bs=128k --iodepth=8"},
	{"seq1m", "sequential 1 MiB write, depth 4", "--rw=write --bs=1m --iodepth=4"},
	{"rr4k-qd32", "random 4 KiB read, depth 32", "--rw=randread --bs=4k --iodepth=32"},
}

// system is something to measure: how to bring it up, where it is, and how to take it down.
type system struct {
	name     string
	up, down string
	dev      string
}

var systems = []system{
	{"ssd", "", "", "$ssd"},
	{"hdd", "", "", "$hdd"},
	{"nullblk", "modprobe null_blk nr_devices=1 gb=4", "rmmod null_blk", "/dev/nullb0"},
	{"null", "modprobe ublk_drv; (ublkdemo null --size 4G --queues 1 >/tmp/null.dev & echo $! >/tmp/null.pid); until [ -s /tmp/null.dev ]; do sleep 0.1; done", "kill -TERM $(cat /tmp/null.pid); sleep 1", "/dev/ublkb0"},
	{"null2", "modprobe ublk_drv; (ublkdemo null --size 4G --queues 2 >/tmp/null.dev & echo $! >/tmp/null.pid); until [ -s /tmp/null.dev ]; do sleep 0.1; done", "kill -TERM $(cat /tmp/null.pid); sleep 1", "/dev/ublkb0"},
	{"writecache", `modprobe dm-writecache
dd if=/dev/zero of=$ssd bs=1M count=4 oflag=direct 2>/dev/null
dmsetup create wc --table "0 $(blockdev --getsz $hdd) writecache s $hdd $ssd 4096 0"`,
		"dmsetup message wc 0 flush; dmsetup remove wc", "/dev/mapper/wc"},
	{"bcache", `modprobe bcache
for d in $ssd $hdd; do dd if=/dev/zero of=$d bs=1M count=16 oflag=direct 2>/dev/null; done
make-bcache --writeback -B $hdd -C $ssd >/dev/null
sleep 1; for d in $ssd $hdd; do echo $d > /sys/fs/bcache/register 2>/dev/null || true; done; sleep 1
echo 0 > /sys/block/bcache0/bcache/sequential_cutoff
for f in /sys/fs/bcache/*-*/congested_*_threshold_us; do echo 0 > $f; done
echo 40 > /sys/block/bcache0/bcache/writeback_percent`,
		`echo 1 > /sys/block/bcache0/bcache/stop; for f in /sys/fs/bcache/*-*/stop; do echo 1 > $f; done
for i in $(seq 100); do [ -e /sys/block/bcache0 ] || [ -n "$(ls -d /sys/fs/bcache/*-* 2>/dev/null)" ] || break; sleep 0.1; done; sleep 1
dd if=/dev/zero of=$ssd bs=1M count=16 oflag=direct 2>/dev/null`, "/dev/bcache0"},
	{"dmcache", `modprobe dm-cache-smq
dd if=/dev/zero of=$ssd bs=1M count=16 oflag=direct 2>/dev/null
dmsetup create meta --table "0 32768 linear $ssd 0"
dmsetup create data --table "0 $(( $(blockdev --getsz $ssd) - 32768 )) linear $ssd 32768"
dmsetup create cc --table "0 $(blockdev --getsz $hdd) cache /dev/mapper/meta /dev/mapper/data $hdd 64 1 writeback smq 0"`,
		"dmsetup remove cc; dmsetup remove meta; dmsetup remove data", "/dev/mapper/cc"},
	cached("lc", ""),
	cached("lc2", "--queues 2"),
}

// cached is our cache, its device created with options.
func cached(name, options string) system {
	return system{name, `modprobe ublk_drv
lc format-cache --force $ssd
lc resume 3 $ssd
lc create bench 5 $hdd ` + options + `
lc attach 5 3`,
		`lc status > /tmp/status; lc detach 5 >/dev/null; lc remove 5; lc free-cache 3; lc shutdown`, "/dev/lc/bench"}
}
