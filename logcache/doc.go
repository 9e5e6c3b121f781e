// Package logcache is the cache itself: the index, the RAM buffers, and the
// paths of reads, writes and barriers through the log.
//
// It is a state machine. It is given requests ([Port.Submit]), completions
// ([Port.Done]) and wake-ups ([Port.Poll]); it gives device operations
// ([Port.Ops]) and answered requests ([Port.Answers]). It starts no goroutine,
// reads no clock, does no I/O and waits for nothing but its locks: a request that
// must wait stands in line, and the event it waits for resumes it. The host around it
// is a ublk queue's thread, or the simulator. [Resume] comes before all that: it
// reads the log and waits for it, with goroutines that end before it returns.
//
//	           Submit              Ops
//	requests ────────►┌────────┐───────► device operations
//	         ◄────────│  Port  │◄───────
//	          Answers └───┬────┘   Done
//	                      │ one lock, short
//	              ┌───────▼───────┐
//	              │     Cache     │ index, current segment, barriers, ring
//	              └───────────────┘
//
// Every queue has a [Port] of its own; what a port asks for is carried out by
// its own thread and comes back to it. One cache is shared by many ports and
// many [Volume]s. [Cache.Background] is the port of the cache's own thread,
// which updates the superblock and runs the migration.
//
// # Locks
//
// Cache.mu guards everything in Cache. Volume.mu guards a volume that is in
// pass-through, and its list of fenced requests. Port.mu guards a port's mail.
// They are taken in this order. Under none of them is there I/O on a disk, or a
// wait for it. What there is besides, under Cache.mu: [Events], which may wake a
// thread; memory, when more is under way than ever before, when a shard of the
// index outgrows its own, and for what is rare, such as an update of the
// superblock; and the copying of that one shard. An index for which there is no address space left panics, as
// a heap would.
//
// # Blocks
//
// Requests are of whole logical blocks of their [Volume], and nothing is made of
// less: extents, records, and so batches, and what is read. Logs of earlier programs
// hold parts of blocks; around.go reads them.
//
// # Flushes
//
// Whoever has a device flushed, one that fails may cost what others wrote: ledger.go
// has the rule, and rewrite.go what follows for the log.
//
// # The order of things
//
// A discard, or a write of zeroes, is a write without data: see zero.go.
//
// A write finds its route, takes its credit, and is appended, in this order and
// under one hold of the lock. A long stream of writes may go past the log, if the
// administrator lets it: see bypass.go for when that is safe, and owed.go for the
// flushes it owes. Credit is what a slowed device has to write with: see credit.go.
// Whatever a write waits for, it waits in one queue of its volume: see line.go.
//
// A write is copied to the open record of the current segment and answered. A
// record is sealed when its segment or its header is full, when a barrier
// wants it, or on demand; sealed records are written at once, several in
// flight. written is the highest sequence below which all records have been
// written; durable follows it when a flush of the cache device succeeds, or a
// write with FUA behind records that are durable, and only that answers
// barriers. Barriers go in groups: at most maxHard records with FUA, or one
// group's writes and flush, are under way, and what arrives meanwhile waits for
// the next. One that is due by the rhythm of the last ones is foreseen: see
// rhythm.go.
package logcache
