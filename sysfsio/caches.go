package sysfsio

import (
	"context"
	"fmt"
)

// CacheAttributes lists the files below caches/ID, by name.
func CacheAttributes() []Attribute { return attributes(cacheTable) }

// setting declares an attribute that is a field of [Settings].
func setting(a Attribute, show func(*Settings) string, set func(*Settings, int)) entry[Cache] {
	a.Mode = ReadWrite
	return entry[Cache]{
		Attribute: a,
		show:      func(c Cache) string { s := c.Settings(); return show(&s) },
		set: func(_ context.Context, c Cache, v int) error {
			c.Change(func(s *Settings) { set(s, v) })
			return nil
		},
	}
}

// figure declares an attribute that only shows.
func figure(name, unit, doc string, show func(Cache) string) entry[Cache] {
	return entry[Cache]{Attribute: Attribute{Name: name, Mode: ReadOnly, Unit: unit, Doc: doc}, show: show}
}

// action declares an attribute that does something when 1 is written to it.
func action(name, doc string, do func(context.Context, Cache) error) entry[Cache] {
	return entry[Cache]{
		Attribute: Attribute{Name: name, Mode: WriteOnly, Min: 1, Max: 1, Doc: doc},
		set:       func(ctx context.Context, c Cache, _ int) error { return do(ctx, c) },
	}
}

var cacheTable = []entry[Cache]{
	setting(Attribute{Name: "allow_migrate", Max: 1, Default: "0",
		Doc: "1 lets logged data go to the backings. The daemon sets it by their load while it runs. A log that fills up, max_dirty_age and a drain migrate whatever it says."},
		func(s *Settings) string { return bit(s.AllowMigrate) },
		func(s *Settings, v int) { s.AllowMigrate = v == 1 }),
	setting(Attribute{Name: "barrier_deadline_ms", Unit: "ms", Min: 1, Max: 60_000, Default: "3",
		NoEffect: "a barrier never waits for company, whatever the value",
		Doc:      "No effect; taken for the sake of dm-lc's scripts. A barrier leaves as soon as the log lets it, and never waits for company."},
		func(s *Settings) string { return number(s.BarrierDeadlineMS) },
		func(s *Settings, v int) { s.BarrierDeadlineMS = v }),
	action("commit_super_block", "Write 1 to write the superblock now.",
		func(ctx context.Context, c Cache) error { return c.CommitSuper(ctx) }),
	setting(Attribute{Name: "commit_super_block_interval", Unit: "s", Max: 3600, Default: "0",
		Doc: "How often the daemon writes the superblock; 0 for never."},
		func(s *Settings) string { return number(s.CommitInterval) },
		func(s *Settings, v int) { s.CommitInterval = v }),
	figure("congested_cutoff", "bytes", "Sequential streams from this length on bypass the log because the cache device is slow now; 0 if it is not.",
		func(c Cache) string { return number(c.Congestion().Cutoff) }),
	setting(Attribute{Name: "congested_read_threshold_us", Unit: "us", Max: 10_000_000, Default: "0",
		Doc: "How long a read of the cache device may take on average before it counts as congested, as bcache's, whose value is 2000; 0 never. What reads need lies where it lies: they are relieved by writes, of which streams of 1 MiB and more then bypass the log, at twice the threshold of 512 KiB and more, and so on down to 64 KiB. P3 and P4 are given up for such a write."},
		func(s *Settings) string { return number(s.CongestedReadUS) },
		func(s *Settings, v int) { s.CongestedReadUS = v }),
	setting(Attribute{Name: "congested_write_threshold_us", Unit: "us", Max: 10_000_000, Default: "0",
		Doc: "The same for a write of the log, as bcache's, whose value is 20000; 0 never."},
		func(s *Settings) string { return number(s.CongestedWriteUS) },
		func(s *Settings, v int) { s.CongestedWriteUS = v }),
	figure("current_segment_id", "", "Segment that is being filled, or the next one.",
		func(c Cache) string { return number(c.Log().CurrentID) }),
	figure("device", "", "Path of the cache device.", Cache.Path),
	figure("device_no", "", "Number of the cache device, major:minor.", Cache.Number),
	{
		Attribute: Attribute{Name: "discard_slots", Mode: ReadWrite, Max: 1, Default: "0",
			Doc: "1 discards segments of the log that are migrated, before they are used again, so that the SSD knows what room is free. It costs the SSD time: turn it on where its writes grow slow as the log goes round. Refused where the device gives no room back or does not promise zeroes."},
		show: func(c Cache) string { s := c.Settings(); return bit(s.DiscardSlots) },
		set: func(_ context.Context, c Cache, v int) error {
			if v == 1 && !c.CanDiscard() {
				return fmt.Errorf("%w: %s gives no room back, or does not promise zeroes for it; leave it at 0", ErrMode, c.Path())
			}
			c.Change(func(s *Settings) { s.DiscardSlots = v == 1 })
			return nil
		},
	},
	figure("discarded_slot_bytes", "bytes", "How much of the log was discarded since resume.",
		func(c Cache) string { return number(c.Log().TrimmedBytes) }),
	action("flush_current_buffer", "Write 1 to make all that was written so far durable on the cache device; it waits for that.",
		func(ctx context.Context, c Cache) error { return c.FlushCurrent(ctx) }),
	setting(Attribute{Name: "flush_current_buffer_interval", Unit: "s", Max: 3600, Default: "0",
		Doc: "How often the daemon makes what was written durable, if nothing else did; 0 for never."},
		func(s *Settings) string { return number(s.FlushInterval) },
		func(s *Settings, v int) { s.FlushInterval = v }),
	setting(Attribute{Name: "force_migrate", Max: 1, Default: "0",
		Doc: "1 migrates at full speed whatever the load of the backings."},
		func(s *Settings) string { return bit(s.ForceMigrate) },
		func(s *Settings, v int) { s.ForceMigrate = v == 1 }),
	figure("label", "", "Label given at format.", Cache.Label),
	figure("last_flushed_segment_id", "", "All up to this segment is durable on the cache device.",
		func(c Cache) string { return number(c.Log().LastFlushedID) }),
	figure("last_migrated_segment_id", "", "All up to this segment is durable on the backings.",
		func(c Cache) string { return number(c.Log().LastMigratedID) }),
	figure("last_migration_error", "", "Why the last batch of migration failed; empty if it did not.",
		func(c Cache) string { return c.Migration().LastError }),
	figure("log_read_latency_us", "us", "How long a read of the log takes, on average; measured while a congestion threshold is set.",
		func(c Cache) string { return number(c.Congestion().Read.Microseconds()) }),
	figure("log_write_latency_us", "us", "The same for a write of the log without FUA.",
		func(c Cache) string { return number(c.Congestion().Write.Microseconds()) }),
	setting(Attribute{Name: "max_dirty_age", Unit: "s", Max: 604_800, Default: "0",
		Doc: "No data stays only on the cache device for longer than this, as far as the backings keep up; 0 for no bound. It comes before load, writeback_percent, writeback_delay and writeback_rate."},
		func(s *Settings) string { return number(s.MaxDirtyAge) },
		func(s *Settings, v int) { s.MaxDirtyAge = v }),
	figure("migration_rate_limit", "bytes/s", "What migration is limited to now; 0 for no limit.",
		func(c Cache) string { return number(c.Pace().Rate) }),
	figure("migration_reason", "", "Which rule decides whether migration goes on, in words.",
		func(c Cache) string { return c.Pace().Words }),
	setting(Attribute{Name: "nr_batched_migration", Unit: "segments", Max: 1024, Default: "0",
		Doc: "How many segments a batch of migration takes at most; 0 lets the code choose."},
		func(s *Settings) string { return number(s.NrBatchedMigration) },
		func(s *Settings, v int) { s.NrBatchedMigration = v }),
	figure("nr_dirty_caches", "4 KiB blocks", "Blocks of all devices in the log.",
		func(c Cache) string { return number(c.Log().DirtyBlocks) }),
	figure("nr_migration_errors", "", "Failed operations of the migration since resume.",
		func(c Cache) string { return number(c.Migration().Errors) }),
	figure("nr_segments", "", "Segments that the log has room for.",
		func(c Cache) string { return number(c.Log().Segments) }),
	figure("nr_waiting_writes", "", "Writes that wait now: for room in the log or in the RAM buffers, or because writers are slowed.",
		func(c Cache) string { return number(c.Log().WaitingWrites) }),
	figure("oldest_dirty_age", "s", "No dirty data is older; empty if it was in the log at resume already, 0 if nothing is dirty.",
		func(c Cache) string {
			p := c.Pace()
			if p.UnknownAge {
				return ""
			}
			return number(int64(p.OldestAge.Seconds() + 0.999))
		}),
	figure("segment_size", "bytes", "Size of a segment.",
		func(c Cache) string { return number(uint64(c.Log().SegmentSize)) }),
	figure("sustained_rate", "bytes/s", "How much of the log the backings free in a second, as measured; 0 if not yet.",
		func(c Cache) string { return number(c.Pace().Sustained) }),
	setting(Attribute{Name: "throttle_percent", Unit: "%", Min: 10, Max: 100, Default: "75",
		Doc: "Fill of the log from which writers are slowed, smoothly, to what the backings sustain; it ends at half of that. From a quarter of it on, a device that shares the log has no more of it than drains in the same time as the others'. 100 stops writers only when the log is full. Reads never wait."},
		func(s *Settings) string { return number(s.ThrottlePercent) },
		func(s *Settings, v int) { s.ThrottlePercent = v }),
	setting(Attribute{Name: "update_interval", Unit: "s", Min: 1, Max: 3600, Default: "1",
		Doc: "How often the daemon looks at the load of the backings."},
		func(s *Settings) string { return number(s.UpdateInterval) },
		func(s *Settings, v int) { s.UpdateInterval = v }),
	figure("uuid", "", "UUID of the cache, from its format.", Cache.UUID),
	figure("write_rate_limit", "bytes/s", "What the writers of all devices are slowed to now; 0 for no limit.",
		func(c Cache) string { return number(c.Pace().Admit) }),
	setting(Attribute{Name: "writeback_delay", Unit: "s", Max: 86_400, Default: "0",
		Doc: "How old the oldest dirty data must be for migration to begin, so that overwrites are absorbed."},
		func(s *Settings) string { return number(s.WritebackDelay) },
		func(s *Settings, v int) { s.WritebackDelay = v }),
	setting(Attribute{Name: "writeback_percent", Unit: "%", Max: 100, Default: "0",
		Doc: "Dirty share of the log below which nothing is migrated, so that overwrites are absorbed. Above it, backings that others use get the rate that leads back to it; 0 migrates all, at full speed."},
		func(s *Settings) string { return number(s.WritebackPercent) },
		func(s *Settings, v int) { s.WritebackPercent = v }),
	setting(Attribute{Name: "writeback_rate", Unit: "bytes/s", Max: 1 << 40, Default: "0",
		Doc: "What migration may write to the backings in a second; 0 chooses, by writeback_percent. A log that fills up, max_dirty_age, force_migrate and a drain know no limit."},
		func(s *Settings) string { return number(s.WritebackRate) },
		func(s *Settings, v int) { s.WritebackRate = v }),
	setting(Attribute{Name: "writeback_rate_minimum", Unit: "bytes/s", Min: 4096, Max: 1 << 40, Default: "1048576",
		Doc: "The least that is chosen when writeback_rate is 0."},
		func(s *Settings) string { return number(s.WritebackRateMin) },
		func(s *Settings, v int) { s.WritebackRateMin = v }),
	setting(Attribute{Name: "writeback_running", Max: 1, Default: "1",
		Doc: "0 stops migration, even by force_migrate and max_dirty_age, until the log is full and writes wait. A drain goes on all the same."},
		func(s *Settings) string { return bit(s.WritebackRunning) },
		func(s *Settings, v int) { s.WritebackRunning = v == 1 }),
}
