package control

// The messages here are those of the golden files: each field of each is set in
// one of them at least.

func share(of float64) *float64 { return &of }

var draining = Progress{
	Text: "slowed: another disk; 12 MiB dirty, 9 segments to migrate, 4.0 MiB/s, 3s left", Done: share(0.25),
	Drain: &Drain{DirtyBytes: 12 << 20, Rate: 4 << 20, LeftSeconds: 3, Slowed: "another disk"},
}

var cacheLine = CacheLine{
	ID: 3, Label: "fast", UUID: "6f2c8f0e-8f3b-4b8e-9d55-0c6a3f9d2f11", Device: "/dev/fast", DeviceNo: "8:16",
	SizeBytes: 32 << 20, Segments: 31, SegmentSize: 1 << 20, DirtyBlocks: 3072, State: CacheRunning, Doing: &Doing{Draining, draining},
	Note: "the cache device HAS SHRUNK from 33554432 to 16777216 bytes",
}

var deviceLine = DeviceLine{
	ID: 5, Name: "myLV", Node: "/dev/ublkb0", Link: "/dev/lc/myLV", Number: "259:0", CacheID: 3, Backing: "/dev/slow", BackingNo: "8:0",
	Identity: "unique", SizeBytes: 1 << 40, DirtyBlocks: 3072, Errors: 2, State: DeviceAttached, Doing: &Doing{Detaching, draining},
	Note: "the backing BECAME READ-ONLY",
}

var list = List{
	Caches: []CacheLine{cacheLine, {
		ID: 4, Device: "/dev/other", State: CacheStarting,
		Doing: &Doing{Resuming, Progress{Text: "reading the log, 13 % (4 of 31 segments)", Done: share(0.125)}},
	}},
	Devices: []DeviceLine{deviceLine, {
		ID: 6, Name: "otherLV", WaitsFor: 3, Backing: "/dev/third", BackingNo: "8:32", Identity: "none", SizeBytes: 1 << 30, State: DeviceWaiting,
	}},
}

var status = Status{
	Server:  ServerStatus{PID: 4711, Version: "v0.1.0", UptimeSeconds: 3600},
	Daemon:  DaemonStatus{Running: true, LastError: "cache 3: periodic flush: input/output error"},
	Caches:  []CacheStatus{{cacheLine, log, migration, settings, []string{"4 writes wait for room in the log"}}},
	Devices: []DeviceStatus{deviceStatus},
}

var log = Log{
	Segments: 31, SegmentSize: 1 << 20, CurrentID: 40, LastFlushedID: 39, LastMigratedID: 30, DurableSeq: 400, SealedSeq: 402,
	DirtyBlocks: 3072, WaitingWrites: 4, IndexBytes: 65536, Contended: 7, Broken: "input/output error",
	Reads: 100, ReadSectors: 800, Writes: 200, WriteSectors: 1600, Discards: 3, WriteZeroes: 2, ZeroedSectors: 4096, Flushes: 50, Gathered: 9,
	HitRAMSectors: 80, HitLogSectors: 240, HitZeroSectors: 8, MissSectors: 472, InPlace: 6, Waited: 9, WaitSlot: 1, WaitBuffer: 10, WaitIndex: 5,
	Records: 402, LogBytes: 40 << 20, LogFlushes: 45, LogWriteErrors: 11, LogFlushErrors: 12, Migrated: 30, DiscardedSlotBytes: 30 << 20, DiscardSlotErrors: 13,
}

var migration = Migration{
	State: "writing", Batches: 6, Segments: 30, Ahead: 20, Writes: 700, Bytes: 28 << 20, Zeroed: 2 << 20, Flushes: 12, Errors: 3, Failed: 1,
	Damaged: 31, LastError: "damaged log",
}

// The names and kinds are those of sysfsio/testdata/settings.json.
var settings = map[string]any{
	"allow_migrate": true, "force_migrate": true, "barrier_deadline_ms": 3.0, "congested_read_threshold_us": 2000.0, "congested_write_threshold_us": 20000.0,
	"commit_super_block_interval": 60.0, "discard_slots": true, "flush_current_buffer_interval": 30.0, "update_interval": 1.0, "nr_batched_migration": 32.0,
	"max_dirty_age": 600.0, "throttle_percent": 75.0, "writeback_delay": 5.0, "writeback_percent": 10.0, "writeback_rate": 8388608.0,
	"writeback_rate_minimum": 1048576.0, "writeback_running": true,
}

var deviceStatus = DeviceStatus{
	DeviceLine: deviceLine, MigrateThreshold: 70, BackingBusy: 12, SequentialCutoff: 4 << 20, SequentialMerge: true,
	Bypass: Bypass{SequentialWrites: 40, SequentialBytes: 40 << 20, CongestedWrites: 2, CongestedBytes: 2 << 20, OccupiedWrites: 3, WitnessedWrites: 1},
}

var why = Why{
	Device: 5, Name: "myLV", CacheID: 3, State: DeviceAttached, Doing: &Doing{Detaching, draining}, DirtyBlocks: 3072, Draining: true,
	Migration: "a drain was asked for", HeldUp: "/dev/slow: input/output error", Writes: "they go to the log, as fast as they come",
}

var attributes = []Attribute{
	{Path: "caches/3/label", Mode: "r-", Doc: "Label given at format."},
	{Path: "caches/3/update_interval", Mode: "rw", Unit: "s", Value: "1", Doc: "How often the daemon looks at the load of the backings."},
}

var features = Features{Bits: 1<<6 | 1<<3, Features: []string{"user_recovery", "unprivileged_dev"}}

var place = Place{Segment: 9, Slot: 8, Sector: 8, Offset: 9441280}

var check = Check{
	State:       LogDamaged,
	Superblocks: [2]Superblock{{Generation: 12, InForce: true}, {Offset: 524288, Problem: "superblock: checksum is wrong"}},
	UUID:        cacheLine.UUID, Label: "fast", DeviceBytes: 32 << 20, BlockBytes: 512, AlignBytes: 4096, SegmentBytes: 1 << 20, Slots: 31,
	LogOffset: 1 << 20, Epoch: 2, Clean: true, LastMigrated: 7, MigratedSeq: 14, StatedSeq: 15, DurableSeq: 20, LastSeq: 21, Records: 6, Resumable: 3,
	Verified: true, Torn: true, End: &place, Unreadable: []string{"512 bytes from 9445376 on"}, Doubt: "512 bytes from 9449472 on",
	Devices: []BoundDevice{{
		ID: 5, Name: "myLV", State: "attached", UUID: "e8dc7a4b-3f7a-4d5f-8a3b-0b1f5d1c9a77", Sectors: 2048, Fingerprint: 0x0123456789abcdef,
		GivenUp: 13, Ignored: 1, Witness: true, Extents: 8, Dirty: 24, Lost: []Range{{122, 6}}, LostExact: true,
	}},
	Segments: []Segment{{Place: place, Records: 6, FirstSeq: 15, LastSeq: 21, Epoch: 2, End: 14}},
	Damage: []DamagePlace{{
		Place: place, Kind: DamagedHeader, FirstSeq: 18, LastSeq: 19, Reason: "no record", Held: []Held{{5, Range{122, 6}}}, Guessed: true, Unknown: 1, Next: &place,
	}},
}

var dump = []Section{{
	Title: "superblock B, byte 524288", Problem: "superblock: checksum is wrong", Fields: []Field{
		{Offset: 524296, Bytes: Bytes{1, 0, 0, 0}, Name: "version", Value: uint32(1), Meaning: "of the format"},
		{Offset: 524324, Bytes: Bytes("fast\x00"), Name: "label", Value: `"fast"`, Meaning: "for people"},
		{Offset: 524329, Bytes: Bytes{0, 0}, Name: "reserved"},
	},
}}

var block = Block{Device: 5, LBA: 121, Versions: []Version{
	{Record: place, Seq: 19, Epoch: 2, Durable: true, Kind: "data", Extent: Range{120, 2}, Offset: 9442304, Problem: "its checksum does not fit", Behind: true, Contents: Bytes{0x4c, 0x43}},
	{Record: place, Seq: 18, Epoch: 2, Kind: "discard", Extent: Range{0, 1024}},
}}

var replay = Replay{
	Device: 5, Name: "myLV", Target: "/dev/slow", DryRun: true, Records: 5, LeftOut: 1, Sectors: 24, Extents: []Range{{0, 16}, {40, 8}}, GivenUp: 13,
	Lost: []Range{{122, 6}}, LostExact: true,
}

var bad = BadRecord{
	Segment: 31, Seq: 310, Offset: 32505856, Payload: 1, Sectors: 16, Chunks: []int{1}, Lost: []Extent{{Device: 5, Kind: 1, LBA: 8, Sectors: 8, At: 63497}},
	Reason: "checksum is wrong",
}

var damage = Damage{Cache: 3, Records: []DamagedRecord{{bad, []Sectors{{Device: 5, Name: "myLV", LBA: 8, Sectors: 8}}}}}

// answers are the lines that a server answers with.
var answers = []Response{
	{Progress: &Progress{Text: "waiting for another resume or create to end"}},
	{Progress: &draining},
	{Progress: &Progress{Text: "held up: a bad sector", Done: share(0.5), Drain: &Drain{DirtyBytes: 4096, HeldUp: "a bad sector"}}},
	{Result: raw(Done{"cache 3: drained"})},
	{Error: Errorf(InUse, "/dev/fast is in use")},
}

var requests = []Request{
	{VerbResume, raw(ResumeArgs{ID: 3, Path: "/dev/fast", SkipDisks: []string{"/dev/a"}, AcceptStale: true})},
	{VerbFreeCache, raw(IDArgs{3})},
	{VerbCreate, raw(CreateArgs{Name: "myLV", ID: 5, Path: "/dev/slow", Queues: 2, Depth: 64, LogicalBlock: 4096, OtherDisk: true, SkipDisks: []string{"/dev/a"}})},
	{VerbAttach, raw(AttachArgs{Device: 5, Cache: 3, Unidentified: true, AcceptChanged: true})},
	{VerbDrain, raw(DrainArgs{ID: 3, Skip: []BadRecord{bad}})},
	{VerbDamage, raw(DamageArgs{Cache: 3, Device: 5})},
	{VerbForget, raw(ForgetArgs{Cache: 3, Device: 5, Yes: true, SkipDisks: []string{"/dev/a"}})},
	{VerbReopen, raw(ReopenArgs{Device: 5, Path: "/dev/slow"})},
	{VerbSet, raw(AttributeArgs{Path: "caches/3/update_interval", Value: "5"})},
	{VerbShutdown, raw(ShutdownArgs{Force: true, Drain: true, IfIdle: true})},
	{Verb: VerbList},
}
