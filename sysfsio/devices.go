package sysfsio

import (
	"context"

	"github.com/ublk-lc/ublk-lc/logcache"
)

// DeviceAttributes lists the files below devices/ID, by name.
func DeviceAttributes() []Attribute { return attributes(deviceTable) }

func fact(name, unit, doc string, show func(Device) string) entry[Device] {
	return entry[Device]{Attribute: Attribute{Name: name, Mode: ReadOnly, Unit: unit, Doc: doc}, show: show}
}

// bypassing declares a fact of what bypassed the log.
func bypassing(name, unit, doc string, show func(*logcache.BypassStatus) uint64) entry[Device] {
	return fact(name, unit, doc, func(d Device) string {
		_, s := d.Bypass()
		return number(show(&s))
	})
}

// bypass declares an attribute that is a field of [logcache.Bypass].
func bypass(a Attribute, show func(*logcache.Bypass) string, set func(*logcache.Bypass, int)) entry[Device] {
	a.Mode = ReadWrite
	return entry[Device]{
		Attribute: a,
		show: func(d Device) string {
			b, _ := d.Bypass()
			return show(&b)
		},
		set: func(_ context.Context, d Device, v int) error {
			b, _ := d.Bypass()
			set(&b, v)
			d.SetBypass(b)
			return nil
		},
	}
}

var deviceTable = []entry[Device]{
	fact("backing_busy", "%", "How busy requests of others than migration kept the backing in the last interval, while the daemon runs.",
		func(d Device) string { return number(d.BackingBusy()) }),
	bypassing("bypassed_congested_bytes", "bytes", "Written past the log because the cache device was slow.",
		func(s *logcache.BypassStatus) uint64 { return s.CongestedBytes }),
	bypassing("bypassed_sequential_bytes", "bytes", "Written past the log in streams longer than sequential_cutoff.",
		func(s *logcache.BypassStatus) uint64 { return s.SequentialBytes }),
	fact("cache_id", "", "Cache that the device is attached to; 0 for none.",
		func(d Device) string { return number(d.CacheID()) }),
	fact("dev", "", "Number of the device's node, major:minor; empty while it has none.", Device.Number),
	fact("device", "", "Path of the backing.", Device.Backing),
	fact("device_no", "", "Number of the backing, major:minor.", Device.BackingNumber),
	fact("logical_block_size", "bytes", "Smallest unit of I/O of the device, as chosen with `lc create --logical-block`. A cache serves only devices whose blocks are no smaller than its own.",
		func(d Device) string { return number(int(d.LogicalBlock())) }),
	{
		Attribute: Attribute{Name: "migrate_threshold", Mode: ReadWrite, Unit: "%", Max: 100, Default: "70",
			Doc: "How busy others may keep the backing for the daemon to allow migration; migration's own writes do not count."},
		show: func(d Device) string { return number(d.MigrateThreshold()) },
		set: func(_ context.Context, d Device, v int) error {
			d.SetMigrateThreshold(v)
			return nil
		},
	},
	fact("name", "", "Name of the device, below /dev/lc.", Device.Name),
	fact("node", "", "Path of the device's node; empty while it has none.", Device.Node),
	bypassing("nr_bypass_occupied", "", "Writes that would have bypassed the log, but it had data of their range, or something under way did.",
		func(s *logcache.BypassStatus) uint64 { return s.OccupiedWrites }),
	bypassing("nr_bypass_witnessed", "", "Writes that would have bypassed the log, but touched what tells the disk from others: its start, its end, superblocks.",
		func(s *logcache.BypassStatus) uint64 { return s.WitnessedWrites }),
	bypassing("nr_bypassed_congested", "", "Writes past the log because the cache device was slow.",
		func(s *logcache.BypassStatus) uint64 { return s.CongestedWrites }),
	bypassing("nr_bypassed_sequential", "", "Writes past the log in streams longer than sequential_cutoff.",
		func(s *logcache.BypassStatus) uint64 { return s.SequentialWrites }),
	fact("nr_dirty_caches", "4 KiB blocks", "Blocks of this device in the log.",
		func(d Device) string { return number(d.DirtyBlocks()) }),
	fact("nr_errors", "", "Failed operations on the disks below the device.",
		func(d Device) string { return number(d.Errors()) }),
	fact("nr_slowed_writes", "", "Writes that had to wait because the log was rather full.",
		func(d Device) string { return number(d.SlowedWrites()) }),
	bypass(Attribute{Name: "sequential_cutoff", Unit: "bytes", Max: 1 << 40, Default: "0",
		Doc: "A sequential stream of writes that is this long, without a FLUSH in between, bypasses the log from then on and goes straight to the backing; 0 none does, 4194304 is a good value. P3 and P4 are given up for such a write; see README. Writes with FUA, those whose range the log has data of, and those that touch the start, the end or a superblock of the disk go to the log all the same."},
		func(b *logcache.Bypass) string { return number(b.Cutoff) },
		func(b *logcache.Bypass, v int) { b.Cutoff = uint64(v) }),
	bypass(Attribute{Name: "sequential_merge", Max: 1, Default: "1",
		Doc: "1 follows the last 128 streams over all their requests, whoever writes them. 0 judges each request, which is of 1 MiB at most, by its own length."},
		func(b *logcache.Bypass) string { return bit(!b.Single) },
		func(b *logcache.Bypass, v int) { b.Single = v == 0 }),
	fact("size", "sectors", "Size of the device, in sectors of 512 bytes.",
		func(d Device) string { return number(d.Sectors()) }),
}
