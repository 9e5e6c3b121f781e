// Package migrate drains the log to the backing devices.
//
// It is a state machine, like logcache: [Migrator.Step] starts a batch,
// [Migrator.Ops] gives the device operations to start, [Migrator.Done] takes
// their completions.
//
//	idle ─► reading ─► writing ─► flushing ─► committing ─► idle
//	        segments   sorted,    each        superblock:
//	        from the   merged     backing     slots are free
//	        log        (meanwhile [Migrator.Ahead] reads  )
//	                   (the segments of the batch after it)
//
// A batch is a run of the oldest segments. Within it only the newest version
// of a sector is written; what later segments hold does not matter, so that at
// the end of each batch the backings are a past state of the devices. Nothing
// is written before its checksum was verified, and the slots are free only when
// every write and every flush has succeeded, in that order. The batch after it
// writes nothing before that: what overlaps are its reads alone.
//
// A batch takes its segments' size twice in memory, at most 2 × [MaxBatch]: the
// images of its segments, and their payload as it is written, sorted. Reading
// ahead takes none, for images are free as soon as they are sorted. What is only a
// part of a backing's logical block takes 256 KiB more: see patch.go.
//
// A flush of a backing that fails costs what others wrote there too, whoever asked
// for it. So the cache says what the batch's flushes are worth: [Source].
//
// The log is one queue, so the backings of a cache are not independent: what a
// slow one has in the log must be on it before slots behind become free. When a
// batch goes, how fast, and who may write how much meanwhile is decided elsewhere:
// see package pace.
package migrate
