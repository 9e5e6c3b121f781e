// Package migrate brings what is dirty in the log to the backings, and so makes
// slots free: write-back.
//
// It is a state machine, like logcache: [Migrator.Step] starts a batch,
// [Migrator.Ops] gives the device operations to start, [Migrator.Done] takes
// their completions.
//
//	idle ─► reading ─► writing ─► flushing ─► committing ─► idle
//	        segments   sorted,    each        superblock:
//	        from the   merged     backing     slots are free
//	        log        (meanwhile [Migrator.ReadAhead] reads)
//	                   (the segments of the batch after it )
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
// # The walk of a batch
//
//  1. [Migrator.Step], when the pace says so: Migrator.candidates asks the [Source]
//     for the oldest segments, and Migrator.read makes reads of them, but for those
//     that [Migrator.ReadAhead] has read before.
//  2. [Migrator.Ops] hands out what queues.dispatch lets go: as many operations on
//     each backing as its share of the depth, and as many bytes as the limit.
//  3. [Migrator.Done] takes a completion, and Migrator.advance goes to the next
//     state when all are there. Behind the reads that is Migrator.sort: collect
//     verifies each segment and lists its extents, newest finds the newest version
//     of each sector, and emit makes an operation of each run of neighbours
//     and tells the source what it will write.
//  4. Behind the writes, one flush of each backing. What it is worth the source
//     says: one that fails costs what others wrote there too, whoever asked for it
//     ([Source.FlushBegins], [Source.FlushEnded]).
//  5. Behind the flushes, [Source.Forget] for the index and [Source.Migrated] for
//     the superblock, and with that Migrator.committed ends the batch.
//
// Calls go down, from the host to the migrator, and from there to its source. Two
// come back, with what nobody knows before: how a flush has ended, and that the
// superblock is durable. The second comes under the cache's lock.
//
// # What it leaves to others
//
// The log is one queue, so the backings of a cache are not independent: what a
// slow one has in the log must be on it before slots behind become free. When a
// batch goes, how fast, and who may write how much meanwhile is decided elsewhere:
// see package pace.
//
// # Words
//
// Those of the log are in the glossary of package logcache. Of a batch:
//
//	patch     a read, modify and write of a block of which a part is to be written
//	place     an extent, and where it lies on the cache device
//	queue     the operations of a batch on one backing, each with its own depth
//	readahead reads of the next batch's segments while this one is written
//	version   what an extent of the batch says of its sectors; of several the
//	          newest counts
package migrate
