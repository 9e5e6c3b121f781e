// Package sim proves that the cache keeps its promises. It runs the real
// logcache, migrate and segment code, unmodified, on simulated devices that
// delay, reorder, tear, lose and fail, in one goroutine, driven by one seed: a
// run is a function of its seed and can be repeated with one command.
//
//	 requests   ┌──────────────┐  device operations   ┌────────────────────┐
//	┌──────────►│ ports, cache │─────────────────────►│ devs               │
//	│           │ and migrator │◄─────────────────────│ durable | unflushed│
//	│           └──────────────┘  completions, errors └─────────┬──────────┘
//	│ ┌───────┐  answers │                                      │ power cut:
//	└─┤ world │◄─────────┘                                      │ any subset of
//	  └───┬───┘ one event at a time, chosen by the seed         │ the unflushed
//	      ▼                                                     ▼ sectors lands
//	  ┌────────┐            what was read, what was recovered ┌──────────┐
//	  │ oracle │◄─────────────────────────────────────────────┤ recovery │
//	  └────────┘                                              └──────────┘
//
// Sectors of the log go bad too, at the crash points of the exhaustive search
// and in a campaign of its own: see decay.go, and salvage.go for what can still
// be saved.
//
// A device keeps its durable image and the writes that were not flushed. At a
// power cut each of their sectors lands or does not. A flush covers the writes
// that had completed when it was issued, and nothing more. What writes and
// flushes do may come long before their completion. A flush that fails forgets
// what had completed, whoever's it was, and a write with FUA may be a write and
// a flush: see fua.go. Disks have logical blocks, of which they refuse parts,
// and cache devices physical ones, of which a torn write destroys all: see
// blocks.go. At every crash point either copy of the superblock may also go bad
// that was good: see rot.go.
//
// Every sector that is written says who it is: device, address and the request
// that wrote it. The oracle knows in which order the cache accepted requests.
// What a recovery brings back names, for each sector, the first and the last
// point in that order at which it would look so; a prefix (P3) is a point that
// suits all sectors, and durability (P1) is a lower bound for it. The sectors of a
// logical block must be of one version (P2), wherever it is found. The same
// computation on the backing images alone is P4. A write that bypassed the log
// has no place in that order: see bypass.go. What is given up is asked for no
// more, and must not come back: see giveup.go.
//
// At every crash point each attached disk is held against its witness and the
// log, and none may be found to be changed: see witness.go. What people do to disks
// while the power is off is in tamper.go, and there the oracle looks at everything.
//
// What holds between the figures of a cache, and of its migrator, whenever nobody
// is inside, is looked at while a run goes on: see invariant.go. So a mistake
// shows at the step that made it, also in a run in which it breaks no promise.
//
// In some runs migration goes, and writers are slowed, as a real pacer says, on a
// clock of the run, and not at random: see pacing.go and credit.go.
//
// In some, barriers may wait for company, on a clock of the run as well, and their
// timers run out whenever the seed likes: see company.go.
//
// # Running it
//
//	go test ./tests/sim                                   a minute: all of it, small
//	go test ./tests/sim -v -run Random -sim.seeds=5000    long runs
//	go test ./tests/sim -v -run Exhaustive -sim.k=3       all workloads of 3 verbs
//	go test ./tests/sim -v -run 'Random$' -sim.seeds=1 -sim.seed=S -sim.trace
//	go run ./tests/sim/mutants                            are the tests any good?
//
// A failure prints the command that repeats it.
//
// # What is counted
//
// A crash state is the content of all media after a power cut; two are
// distinct when some sector differs. Sectors carry no seed, so that the same
// story told by two seeds counts once. Most states are recovered by package
// segment and read by the simulator; one in sixteen goes through the whole of
// [logcache.Resume], attach and read.
//
// I/Os are the operations that simulated devices completed, those of recoveries
// among them, but not what the simulator looks up in an image by itself. A
// simulated second is a second for which these operations, one after the other,
// would have kept an SSD and a disk busy: see work.go. Both are set against each
// second that a campaign itself takes.
//
// # What is not covered
//
// Races between threads: all runs in one goroutine. How fast writers are that
// are slowed: a model in the tests of package pace has that. The real devices
// and the kernel: tests in a guest do that. The host's own part in attach,
// detach and shutdown, for which the simulator has its own. A device that lies
// about a flush, beyond being found out. A write under way when the server dies
// and that lands after the next one has started.
package sim
