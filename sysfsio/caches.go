package sysfsio

import "context"

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
		Doc: "1 lets logged data go to the backings; the daemon sets it by their load. A full log and a detach migrate whatever it says."},
		func(s *Settings) string { return bit(s.AllowMigrate) },
		func(s *Settings, v int) { s.AllowMigrate = v == 1 }),
	setting(Attribute{Name: "barrier_deadline_ms", Unit: "ms", Min: 1, Max: 60_000, Default: "3",
		Doc: "Upper bound for a barrier to wait for company. Barriers leave as soon as the log is idle and never wait for it to pass."},
		func(s *Settings) string { return number(s.BarrierDeadlineMS) },
		func(s *Settings, v int) { s.BarrierDeadlineMS = v }),
	action("commit_super_block", "Write 1 to write the superblock now.",
		func(ctx context.Context, c Cache) error { return c.CommitSuper(ctx) }),
	setting(Attribute{Name: "commit_super_block_interval", Unit: "s", Max: 3600, Default: "0",
		Doc: "How often the daemon writes the superblock; 0 for never."},
		func(s *Settings) string { return number(s.CommitInterval) },
		func(s *Settings, v int) { s.CommitInterval = v }),
	figure("current_segment_id", "", "Segment that is being filled, or the next one.",
		func(c Cache) string { return number(c.Log().CurrentID) }),
	figure("device", "", "Path of the cache device.", Cache.Path),
	figure("device_no", "", "Number of the cache device, major:minor.", Cache.Number),
	action("flush_current_buffer", "Write 1 to make all that was written so far durable on the cache device; it waits for that.",
		func(ctx context.Context, c Cache) error { return c.FlushCurrent(ctx) }),
	setting(Attribute{Name: "flush_current_buffer_interval", Unit: "s", Max: 3600, Default: "0",
		Doc: "How often the daemon makes what was written durable, if nothing else did; 0 for never."},
		func(s *Settings) string { return number(s.FlushInterval) },
		func(s *Settings, v int) { s.FlushInterval = v }),
	setting(Attribute{Name: "force_migrate", Max: 1, Default: "0",
		Doc: "1 migrates whatever the load of the backings."},
		func(s *Settings) string { return bit(s.ForceMigrate) },
		func(s *Settings, v int) { s.ForceMigrate = v == 1 }),
	figure("label", "", "Label given at format.", Cache.Label),
	figure("last_flushed_segment_id", "", "All up to this segment is durable on the cache device.",
		func(c Cache) string { return number(c.Log().LastFlushedID) }),
	figure("last_migrated_segment_id", "", "All up to this segment is durable on the backings.",
		func(c Cache) string { return number(c.Log().LastMigratedID) }),
	figure("last_migration_error", "", "Why the last batch of migration failed; empty if it did not.",
		func(c Cache) string { return c.Migration().LastError }),
	setting(Attribute{Name: "nr_batched_migration", Unit: "segments", Max: 1024, Default: "0",
		Doc: "How many segments a batch of migration takes at most; 0 lets the code choose."},
		func(s *Settings) string { return number(s.NrBatchedMigration) },
		func(s *Settings, v int) { s.NrBatchedMigration = v }),
	figure("nr_dirty_caches", "4 KiB blocks", "Blocks of all devices in the log.",
		func(c Cache) string { return number(c.Log().DirtyBlocks) }),
	figure("nr_migration_errors", "", "Failed operations of the migration since resume.",
		func(c Cache) string { return number(c.Migration().Errors) }),
	figure("nr_parked_writes", "", "Writes that wait for room in the log or in the RAM buffers now.",
		func(c Cache) string { return number(c.Log().ParkedWrites) }),
	figure("nr_segments", "", "Segments that the log has room for.",
		func(c Cache) string { return number(c.Log().Segments) }),
	figure("segment_size", "bytes", "Size of a segment.",
		func(c Cache) string { return number(uint64(c.Log().SegmentSize)) }),
	setting(Attribute{Name: "update_interval", Unit: "s", Min: 1, Max: 3600, Default: "1",
		Doc: "How often the daemon looks at the load of the backings."},
		func(s *Settings) string { return number(s.UpdateInterval) },
		func(s *Settings, v int) { s.UpdateInterval = v }),
	figure("uuid", "", "UUID of the cache, from its format.", Cache.UUID),
}
