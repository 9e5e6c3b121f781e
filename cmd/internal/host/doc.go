// Package host runs the state machines of logcache and migrate on real threads,
// rings and devices.
//
//	kernel ─► ublk queue thread ─► logcache.Port ─► that queue's own ring
//	          one for each queue
//
//	          cache thread      ─► logcache.Port, migrate.Migrator ─► its ring
//	          one for each cache     └ pace.Pacer
//
// A queue's thread serves its requests from start to end. What belongs to no
// queue runs on the cache's thread: migration, the superblock, the credit of
// slowed devices, and what the thread of a queue that has ended left undone. How
// fast migration goes, and who is slowed for it, is not decided here: the thread
// waits, takes in completions, and then observes, asks the pacer, and applies what
// it orders.
//
// # The walk of a request
//
//  1. queue.Handle makes a [logcache.Request] of what the kernel sent, and gives it
//     to the queue's port ([logcache.Port.Submit]); package logcache has the walk
//     from there.
//  2. queue.pump starts what the port wants of disks on the queue's own ring
//     ([blockdev.Executor.Start]), and completes what is answered.
//  3. queue.Completed has the executor tell the operation's sink, which is the port
//     ([logcache.Port.Done]); then again 2.
//
// # The walk of a migration batch
//
// One iteration of the cache's thread, worker.iterate, is:
//
//  1. The ring is waited for, until the time that the pacer named last. The
//     executor tells sinks: the migrator ([migrate.Migrator.Done]), or the
//     background port.
//  2. worker.observe fills [pace.Inputs], of the log by one [logcache.Cache.Gauge],
//     under one hold of its lock, and only when the pacer is about to ask for it.
//  3. [pace.Pacer.Step] decides: whether a batch starts, how fast the one under way
//     goes on, who gets how much credit, and when to look again.
//  4. worker.apply tells that to those whom it is for: the migrator (Limit, Depth,
//     Step, ReadAhead, Hold), the log (CloseCurrent, SetCongested) and its volumes
//     ([logcache.Cache.Limit]).
//  5. worker.pump starts what both state machines want, and tells the pacer of each
//     write to a backing (Wrote).
//
// Calls go down in this order, and none comes back: the pacer calls nobody, and
// the state machines know no thread. What comes from below are completions, by way
// of [block.Sink], and the cache's [logcache.Events], which wake the thread.
//
// # The walk of lc set
//
//  1. Package cli, set.go: control.Call sends the verb, a path and a value.
//  2. Server.serve reads the line, and the server's table of verbs leads to
//     Manager.Set.
//  3. sysfsio.Find makes the files at the path, File.Set asks the row's type
//     whether the value is one, and calls Change of what the file lies in.
//  4. That is the manager's again, by an interface of sysfsio: under the manager's
//     lock it changes the settings, and applyLocked hands those of pacing to
//     [Cache.Apply]. What is of a device goes to [logcache.Volume.SetBypass].
//  5. Cache.Apply stores them and wakes the cache's thread, whose next iteration
//     has the pacer decide by them: see the walk of a batch, from 2 on.
//
// The call from sysfsio into the manager is the only one that comes back.
//
// # Memory
//
// The rings of both have the cache's RAM buffers registered, so that the kernel
// need not look up the pages of each record. A queue's ring follows its device
// from cache to cache. Where the kernel refuses, as under a limit of locked
// memory, records are written like anything else.
//
// The memory that migration works in is not registered: that would bring all of
// it into memory at once, where most batches touch a part.
package host
