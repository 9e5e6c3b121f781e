// Package host runs the state machines of logcache and migrate on real threads,
// rings and devices.
//
//	kernel ─► ublk queue thread ─► logcache.Port ─► that queue's own ring
//	          one for each queue
//
//	          cache thread      ─► logcache.Port, migrate.Migrator ─► its ring
//	          one for each cache     └ pace.Pacer
//
// A queue's thread serves its requests from start to end. Only what belongs to
// no queue runs on the cache's thread: migration and the superblock. How fast
// that goes, and who is slowed for it, is not decided here: the thread waits, takes
// in completions, and then observes, asks the pacer ([pace.Pacer.Step]), and applies
// what it orders.
//
// The rings of both have the cache's RAM buffers registered, so that the kernel
// need not look up the pages of each record. A queue's ring follows its device
// from cache to cache. Where the kernel refuses, as under a limit of locked
// memory, records are written like anything else.
//
// The memory that migration works in is not registered: that would bring all of
// it into memory at once, where most batches touch a part.
package host
