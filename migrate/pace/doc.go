// Package pace decides how fast a cache migrates: what goes when and in which
// batches, which writers are slowed, whose turn it is on a backing that
// migration shares with users, and which streams bypass a congested log.
//
// It is a pure machine. It has no clock and no thread, does no I/O and takes no
// lock; in the steady state it does not allocate. Whoever runs a cache waits for
// what happens and then does one and the same thing:
//
//	          what is seen                    what is to be done
//	log ────┐                                               ┌──► migrator: a batch,
//	batch ──┤             ┌─────────────────────────────┐   │    its rate, depth, holds
//	devices ┼─► Inputs ──►│ Pacer.Step(now, *Inputs)    │──►├──► writers: credit
//	latency ┤             │  decide  meter    throttle  │   ├──► log: cutoff, close
//	settings┘             │  ages    sharing  congestion│   └──► when to ask again
//	                      └──▲──────────────────────────┘   Orders
//	                         └ Began, Wrote: what was done of it
//
// Time is a duration since any moment, so that tests and the simulator have one
// of their own.
//
// # The walk of a batch
//
// [Pacer.Step] runs at each event of the cache's thread. If no batch is under way,
// or the rules were not asked for 5 ms ([Pacer.Due]):
//
//  1. meter.end learns from the batch that has just ended how much of the log a
//     second frees, unless that was held back.
//  2. Pacer.decide gathers a [Snapshot] and asks the rules: decide.go. The first
//     one that applies says whether migration goes on, and is the [Reason].
//  3. Pacer.limit turns the decision's rate into bytes that may go until the
//     next Step, with what was left of the ones before.
//  4. Unless one has just failed, a batch is ordered: Orders.Batch. Whoever starts
//     it says [Pacer.Began], and [Pacer.Wrote] for each of its writes.
//
// And every time: backings whose users have their timeslice are held, and
// Orders.Next is when any of this may change by time alone.
//
// # The walk of a throttled write
//
// The log has filled up to Settings.Watermark. Every 10 ms throttle.grant looks
// at it:
//
//  1. forecast: when will more of it become free, and how fast does it migrate? The
//     batch under way tells, the more the farther it is; else batches before it do.
//  2. admitRate: all writers together may fill the free room until then.
//  3. divide: of that each device with a backlog has its share, by what its backing
//     sustains; one over its quota has less, whatever the fill.
//  4. Orders.Credit: the device's limiter, a token bucket, is refilled. A write
//     that finds credit goes to the log; else it waits for the next refill.
//
// It ends when the log has fallen to half of the watermark.
//
// # Terms
//
//	backlogged  a device that has, or had, writes waiting for credit
//	batch       a run of the oldest segments, migrated and freed together
//	congested   the cache device takes longer than it should; see [Settings.Cutoff]
//	credit      bytes that a slowed device may write: tokens of its limiter
//	depth       operations under way on each backing
//	flood       writers have filled the log up to the watermark of late
//	forecast    when more of the log becomes free
//	load        how busy a backing is with what is not migration
//	quota       the part of the log that a device may fill when it is not alone
//	share       a device's part of what there is to hand out
//	sustained   bytes/s that a backing takes, or of the log that migration frees
//	timeslice   100 ms in which a backing is migration's, or its users'
//	urgent      the log is so full that migration no longer waits for permission
//	watermark   the fill of the log from which writers are slowed
//	weight      what a device's share is in proportion to
//
// Quotas and weights go by what was measured. A flood that is the first thing a
// cache sees fills the log before anything has been, a slow device's half of it
// migrates at that device's pace, and only then are the others as fast as they
// can be.
package pace
