// Package logcache is the cache itself: the index, the RAM buffers, and the
// paths of reads, writes and barriers through the log.
//
// It is a state machine. It is given requests ([Port.Submit]), completions
// ([Port.Done]) and wake-ups ([Port.Poll]); it gives device operations
// ([Port.Ops]) and answered requests ([Port.Answers]). It starts no goroutine,
// reads no clock but the one that it is given, does no I/O and waits for nothing
// but its locks: a request that must wait stands in line, and the event it waits
// for resumes it. The host around it is a ublk queue's thread, or the simulator.
//
// Apart from that stand the calls that are given a disk, and wait for it:
// [Format], [Wipe], [Forget], [ReadSuper], [Resume], which recovers the log with
// goroutines that end before it returns, and [Cache.Examine].
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
// # The walk of a write
//
//  1. volume.go: [Port.Submit] gives the request to Volume.trySubmit. Without a
//     cache it goes to the backing as it is (Port.passThrough). With one, the lock
//     is taken, once for all of the steps up to 5. A freeze keeps the request; else
//     Cache.take says what kind it is.
//  2. bypass.go, the route: Cache.bypass asks bypass.route how long its stream is,
//     then Cache.witnessed and Cache.uncontested whether it may bypass the log. If
//     so the backing is written to, and Cache.bypassed answers. It needs no credit.
//  3. credit.go and line.go, the credit: Cache.write asks limiter.meets, and
//     line.busy whether others are before it. One that cannot go on is put in the
//     queue of its volume (Cache.wait).
//  4. write.go, the append: Cache.append replaces what the open record has of the
//     same sectors (Cache.overwrite), or finds room (Cache.reserve, which opens
//     segments and records, and seals records that are full: record.go), copies
//     and enters into the index (Cache.place). Without room it waits like in 3.
//  5. Cache.logged gives it its place in the order and takes its credit. That
//     answers it, unless it has FUA: then it joins the waiters, as a FLUSH does in
//     its step 2. After any other, Cache.predictBarrier may seal the record for a
//     barrier that is predicted: barrier_predict.go.
//  6. port.go: Port.finish, without the lock, computes the checksums of sealed
//     records and makes writes of them, which [Port.Ops] hands over.
//  7. [Port.Done] leads to Cache.recordWritten, and that to Cache.advance: it
//     takes up at 4 what waits (Cache.resume), and moves the barriers on.
//
// A discard or a write of zeroes is a write without data (zero.go): it has no
// route, takes no credit, and is appended by Cache.appendZeroes.
//
// # The walk of a FLUSH
//
//  1. Cache.take, as above. If bypassed writes are not durable on the backing yet,
//     Cache.flushBacking has that flushed first (bypass_flush.go), and meanwhile
//     the log made durable as by 2 and 3; Cache.endBackingFlush goes on at 2.
//  2. barrier.go: Cache.flush notes the newest sequence that was answered. If that
//     is durable, the FLUSH is answered; else it joins the waiters.
//  3. Cache.kick begins a group, unless one is under way, or Cache.gathers has
//     the barriers wait for company (gather.go), with a timer that
//     Cache.gatherTimeout is told of. If every record before the open one is
//     durable, or on its way with FUA, Cache.sealFUA writes the open record with
//     FUA: one operation, and up to maxFUARecords of them at once. Else the open
//     record is sealed (record.go), and when all records of the group are written
//     one flush of the cache device follows.
//  4. Cache.recordWritten, or Cache.flushed, is told how that ended. What a flush
//     that succeeded is worth says the ledger: see below. Cache.becameDurable
//     answers all waiters up to there, and Cache.advance lets the next group go.
//
// # The walk of a read
//
// Cache.read asks the index for each block and joins neighbours to pieces
// (Cache.extend). Cache.start copies a piece out of a RAM buffer, or makes a read
// of the log, whose slot is not used again until it is done, or of the backing.
// Port.readDone answers when the last piece is there. A block of which the log
// has only parts of logical blocks, as older formats left them, is read by
// around.go.
//
// # What calls back
//
// Within these walks calls go down, from the volume to the index, and sideways to
// the port, which only collects. Two things come from below. A completion starts a
// walk of its own, in Cache.advance. And line.go and write.go know each other: a
// write that finds no room waits in line, and the line appends it when there is
// some.
//
// # The order of things
//
// A record is sealed when its segment or its header is full, when a barrier
// wants it, or on demand; sealed records are written at once, several in
// flight. written is the highest sequence up to which all records have been
// written; durable follows it when a flush of the cache device succeeds, or a
// write with FUA behind records that are durable, and only that answers
// barriers. Barriers go in groups: at most maxFUARecords records with FUA, or one
// group's writes and flush, are under way, and what arrives meanwhile waits for
// the next. Where several devices share a log, barriers may wait a moment longer,
// so that all share each group: company.go.
//
// # Locks
//
// Cache.mu guards everything in Cache. Volume.mu guards a volume that is in
// pass-through, and its list of held requests. Port.mu guards a port's inbox.
// They are taken in this order. Under none of them is there I/O on a disk, or a
// wait for it. What there is under Cache.mu: copies between requests and RAM
// buffers, and a few checksums; the clock, and the wake-up of another thread;
// memory, when more is under way than ever before, when a shard of the
// index outgrows its own, and for what is rare, such as an update of the
// superblock; and the copying of that one shard. An index for which there is no
// address space left panics, as a heap would.
//
// # Blocks
//
// Requests are of whole logical blocks of their [Volume], and nothing is made of
// less: extents, records, and so batches, and what is read.
//
// # Flushes that fail
//
// Whoever has a device flushed, one that fails may cost what others wrote:
// ledger.go has the rule, and rewrite.go what follows for the log.
//
// # Glossary
//
// The words of comments, messages and documents, those of the field as far as it
// has one. Where the code, or another program, calls it otherwise, that stands
// behind it.
//
//	backing          the slow disk under a device; bcache: backing device,
//	                 dm-cache and dm-writecache: origin
//	barrier          a FLUSH, or a write with FUA
//	batch            the oldest segments, which migrate and become free together
//	block            4 KiB: the unit of the index, and of what is dirty. Not the
//	                 logical block of a disk, 512 bytes or 4 KiB, which is the
//	                 smallest that it reads or writes
//	bypass           to write straight to the backing, past the log; as in bcache.
//	                 Such a write is in flight until it is answered
//	cache device     the fast disk, with the log on it; the SSD of the README
//	company          barriers of other devices, that one may wait for
//	congested        slower than it should be, of the cache device; as in bcache
//	credit           bytes that a slowed device may write; tokens of its limiter,
//	                 a token bucket
//	current segment  the one that is being filled
//	damage           what was durable, and is bad. A torn tail is none
//	device           one /dev/ublkbN; in this package the Volume
//	dirty            in the log and not migrated
//	drain            to migrate until nothing is dirty
//	durable          what no power cut takes away. It is a stronger word than
//	                 written, which is what a write does that has completed
//	epoch            the life of a log between two resumes, in every record
//	extent           a run of sectors of one device in a record
//	flush            to make durable what a disk has completed: a FLUSH of a
//	                 user, or an operation of ours. Not to write a record, as
//	                 dm-lc has it: that is to seal it
//	forget           of the index: to drop entries; of the verb lc forget: give up
//	freeze           to hold back all requests of a device, as in blk-mq. When none
//	                 is in flight, it is idle
//	FUA record       one that its write alone makes durable
//	give up          to drop what is dirty of a device, for good
//	group            the barriers that one flush, or FUA record, answers: group
//	                 commit
//	ledger           what flushes of a disk are worth; errseq_t in Linux is for
//	                 the same
//	log              the cache device behind its superblocks: a ring of slots
//	migrate          to copy what is dirty to its backing, and free its slots; in
//	                 dm-lc too. bcache and dm-writecache: writeback, which is why
//	                 the knobs taken from bcache are called writeback_...
//	miss             a read, or a part of one, from the backing
//	open record      the one that writes join
//	pass through     what requests of a device without a cache do
//	port             the way of one thread into the caches; blk-mq has a hardware
//	                 context, hctx, for each queue
//	prediction       of a barrier: writing the open record before it comes
//	RAM buffer       the image of a segment in memory
//	record           a header and its payload, written at once: the unit that is
//	                 there after a crash, or is not
//	recovery         the reading of the log in a resume
//	replay           to bring a log to its backing without a server, by lc replay
//	resume           to make a cache of a formatted device
//	ring             the slots, or an io_uring
//	seal             to end a record: its image changes no more
//	segment          what fills a slot; its id never comes again
//	sequence         the number of a record, over all segments
//	slot             a place of the log, of the size of a segment
//	slot discard     to tell the cache device that a slot is free
//	slowed           of a device: it may write only what it has credit for
//	stream           writes, each of which starts where one before it ended
//	torn tail        what a crash leaves behind the last whole record
//	wait             what a write does that is in line, for credit, for room in
//	                 log or buffers, or for those before it. Who is frozen is held
//	witness          checksums that tell a backing by its content
//	zeroes           discards and write-zeroes in the log
//
// Words of migration and of its pace: see there.
package logcache
