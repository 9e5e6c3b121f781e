package sysfsio

// DeviceAttributes lists the files below devices/ID, by name.
func DeviceAttributes() []Attribute { return attributes(deviceTable) }

type deviceRow = row[DeviceSnapshot, DeviceSettings, Device]

// deviceSetting declares an attribute that is among [DeviceSettings].
func deviceSetting[V any](name string, t typed[V], def V, l lens[DeviceSettings, V], doc string) deviceRow {
	return knob[DeviceSnapshot, DeviceSettings, V, Device](func(p *DeviceSnapshot) *DeviceSettings { return &p.Settings }, name, t, def, l, doc)
}

// fact declares an attribute that only shows.
func fact[V any](name string, t typed[V], get func(*DeviceSnapshot) V, doc string) deviceRow {
	return shown[DeviceSnapshot, DeviceSettings, Device](name, t, get, doc)
}

// deviceTable is all that there is of a device, by name.
var deviceTable = []deviceRow{
	fact("backing_busy", count("%"), num(func(d *DeviceSnapshot) int { return d.BackingBusy }),
		"How busy requests of others than migration kept the backing in the last interval, while the daemon runs."),
	fact("bypassed_congested_bytes", size, num(func(d *DeviceSnapshot) uint64 { return d.Volume.Bypassed.CongestedBytes }),
		"Written past the log because the cache device was slow."),
	fact("bypassed_sequential_bytes", size, num(func(d *DeviceSnapshot) uint64 { return d.Volume.Bypassed.SequentialBytes }),
		"Written past the log in streams longer than sequential_cutoff."),
	fact("cache_id", count(""), num(func(d *DeviceSnapshot) uint8 { return d.CacheID }),
		"Cache that the device is attached to; 0 for none."),
	fact("dev", line, func(d *DeviceSnapshot) string { return d.Number },
		"Number of the device's node, major:minor; empty while it has none."),
	fact("device", line, func(d *DeviceSnapshot) string { return d.Backing },
		"Path of the backing."),
	fact("device_no", line, func(d *DeviceSnapshot) string { return d.BackingNumber },
		"Number of the backing, major:minor."),
	fact("logical_block_size", size, num(func(d *DeviceSnapshot) uint32 { return d.LogicalBlock }),
		"Smallest unit of I/O of the device, as chosen with `lc create --logical-block`. A cache serves only devices whose blocks are no smaller than its own."),
	deviceSetting("migrate_threshold", numbers(0, 100, "%"), DefaultMigrateThreshold, whole(func(s *DeviceSettings) *int { return &s.MigrateThreshold }),
		"How busy others may keep the backing for the daemon to allow migration; migration's own writes do not count."),
	fact("name", line, func(d *DeviceSnapshot) string { return d.Name },
		"Name of the device, below /dev/lc."),
	fact("node", line, func(d *DeviceSnapshot) string { return d.Node },
		"Path of the device's node; empty while it has none."),
	fact("nr_bypass_occupied", count(""), num(func(d *DeviceSnapshot) uint64 { return d.Volume.Bypassed.OccupiedWrites }),
		"Writes that would have bypassed the log, but it had data of their range, or something under way did."),
	fact("nr_bypass_witnessed", count(""), num(func(d *DeviceSnapshot) uint64 { return d.Volume.Bypassed.WitnessedWrites }),
		"Writes that would have bypassed the log, but touched what tells the disk from others: its start, its end, superblocks."),
	fact("nr_bypassed_congested", count(""), num(func(d *DeviceSnapshot) uint64 { return d.Volume.Bypassed.CongestedWrites }),
		"Writes past the log because the cache device was slow."),
	fact("nr_bypassed_sequential", count(""), num(func(d *DeviceSnapshot) uint64 { return d.Volume.Bypassed.SequentialWrites }),
		"Writes past the log in streams longer than sequential_cutoff."),
	fact("nr_dirty_caches", count("4 KiB blocks"), num(func(d *DeviceSnapshot) uint64 { return d.Volume.DirtyBlocks }),
		"Blocks of this device in the log."),
	fact("nr_errors", count(""), num(func(d *DeviceSnapshot) uint64 { return d.Volume.Errors }),
		"Failed operations on the disks below the device."),
	fact("nr_slowed_writes", count(""), num(func(d *DeviceSnapshot) uint64 { return d.Volume.SlowedWrites }),
		"Writes that had to wait because the log was rather full."),
	deviceSetting("sequential_cutoff", sizes(0, 1<<40), 0, whole(func(s *DeviceSettings) *uint64 { return &s.Bypass.Cutoff }),
		"A sequential stream of writes that is this long, without a FLUSH in between, bypasses the log from then on and goes straight to the backing; 0 none does, 4194304 is a good value. P3 and P4 are given up for such a write; see README. Writes with FUA, those whose range the log has data of, and those that touch the start, the end or a superblock of the disk go to the log all the same."),
	deviceSetting("sequential_merge", onOff, true, not(func(s *DeviceSettings) *bool { return &s.Bypass.Single }),
		"1 follows the last 128 streams over all their requests, whoever writes them. 0 judges each request, which is of 1 MiB at most, by its own length."),
	fact("size", count("sectors"), num(func(d *DeviceSnapshot) uint64 { return d.Sectors }),
		"Size of the device, in sectors of 512 bytes."),
}
