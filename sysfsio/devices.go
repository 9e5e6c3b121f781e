package sysfsio

import "context"

// DeviceAttributes lists the files below devices/ID, by name.
func DeviceAttributes() []Attribute { return attributes(deviceTable) }

func fact(name, unit, doc string, show func(Device) string) entry[Device] {
	return entry[Device]{Attribute: Attribute{Name: name, Mode: ReadOnly, Unit: unit, Doc: doc}, show: show}
}

var deviceTable = []entry[Device]{
	fact("backing_busy", "%", "How busy requests of others than migration kept the backing in the last interval, while the daemon runs.",
		func(d Device) string { return number(d.BackingBusy()) }),
	fact("cache_id", "", "Cache that the device is attached to; 0 for none.",
		func(d Device) string { return number(d.CacheID()) }),
	fact("dev", "", "Number of the device's node, major:minor; empty while it has none.", Device.Number),
	fact("device", "", "Path of the backing.", Device.Backing),
	fact("device_no", "", "Number of the backing, major:minor.", Device.BackingNumber),
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
	fact("nr_dirty_caches", "4 KiB blocks", "Blocks of this device in the log.",
		func(d Device) string { return number(d.DirtyBlocks()) }),
	fact("nr_errors", "", "Failed operations on the disks below the device.",
		func(d Device) string { return number(d.Errors()) }),
	fact("nr_slowed_writes", "", "Writes that had to wait because the log was rather full.",
		func(d Device) string { return number(d.SlowedWrites()) }),
	fact("size", "sectors", "Size of the device, in sectors of 512 bytes.",
		func(d Device) string { return number(d.Sectors()) }),
}
