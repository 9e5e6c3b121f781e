package guest

import (
	"strconv"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
)

// TestP2BypassVerify writes streams that bypass the log, over ranges that it has
// data of and beside others that it gets, verifies them, cuts the power behind
// the fsync of one, and reads what the disk alone has at the end.
func TestP2BypassVerify(t *testing.T) {
	m := boot(t, sized(fast, 48<<20), sized(fast, 256<<20), 8*time.Minute)
	m.format("")
	m.resume()
	m.sh("lc set devices/5/sequential_cutoff 1048576")
	const (
		stream = "--rw=write --bs=1m --iodepth=4 --size=96m --verify=crc32c --verify_fatal=1 "
		dirty  = "--rw=randwrite --bs=4k --iodepth=16 --size=96m --number_ios=2000 --norandommap"
		beside = " --name=y --filename=/dev/lc/myLV --offset=128m --rw=randwrite --bsrange=4k-64k --iodepth=16 --size=64m --verify=crc32c --verify_fatal=1 --do_verify=1"
	)
	run := func(dev, options string) {
		t.Helper()
		if job := m.fio(dev, options); job.Error != 0 {
			t.Fatalf("fio %s: error %d", options, job.Error)
		}
	}
	run("/dev/lc/myLV", dirty)
	run("/dev/lc/myLV", stream+"--do_verify=1")
	occupied, past := m.number("nr_bypass_occupied"), m.number("bypassed_sequential_bytes")
	m.sh("lc drain 3")
	run("/dev/lc/myLV", stream+"--do_verify=1"+beside)
	t.Logf("%d MiB past the log over old data, %d writes not; %d MiB in all", past>>20, occupied, m.number("bypassed_sequential_bytes")>>20)
	if occupied == 0 || m.number("bypassed_sequential_bytes")-past < 80<<20 {
		t.Error("streams over logged data should go to the log, and others past it")
	}
	t.Log(m.sh("lc why 5"))

	run("/dev/lc/myLV", stream+"--randseed=7 --do_verify=0 --end_fsync=1")
	if _, err := m.PowerCut(disk.LoseAll); err != nil {
		t.Fatal(err)
	}
	if err := m.PowerOn(m.ctx); err != nil {
		t.Fatal(err)
	}
	m.resume()
	run("/dev/lc/myLV", stream+"--randseed=7 --verify_only")
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
	run("$hdd", stream+"--randseed=7 --verify_only")
}

// number is an attribute of the device.
func (m *machine) number(name string) int {
	m.t.Helper()
	n, err := strconv.Atoi(m.sh("lc get devices/5/" + name))
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// TestP2BypassCongested: an SSD that takes longer than it should lets streams go
// past the log, as long as that is so.
func TestP2BypassCongested(t *testing.T) {
	m := boot(t, ssd, sized(fast, 256<<20), 5*time.Minute)
	m.format("")
	m.resume()
	const stream = "--rw=write --bs=1m --iodepth=4 --size=96m --verify=crc32c --verify_fatal=1 --do_verify=1"
	run := func() int {
		t.Helper()
		was := m.number("bypassed_congested_bytes")
		if job := m.fio("/dev/lc/myLV", stream); job.Error != 0 {
			t.Fatalf("fio: error %d", job.Error)
		}
		return m.number("bypassed_congested_bytes") - was
	}
	m.sh("lc set caches/3/congested_write_threshold_us 1000")
	if n := run(); n == 0 {
		t.Error("the SSD is slow, but nothing went past it")
	} else {
		t.Logf("%d MiB of 96 went past an SSD that takes %s us", n>>20, m.sh("lc get caches/3/log_write_latency_us"))
	}
	m.sh("lc set caches/3/congested_write_threshold_us 10000000")
	if n := run(); n != 0 {
		t.Errorf("the SSD is fast enough, but %d bytes went past it", n)
	}
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
}
