// Package race drives one cache as a server does, from several queues' threads
// at once beside the cache's own, on devices of memory, and compares every byte
// that is read with a model. The simulator runs in one goroutine and cannot see
// what threads do to each other; here nothing else is looked for, so devices
// neither fail nor lose power.
//
//	 thread  thread  thread  thread     admin: freezes, bypass, detach and attach,
//	┌──────┐┌──────┐┌──────┐┌──────┐    superblock, settings
//	│ port ││ port ││ port ││ port │      │
//	└──┬───┘└──┬───┘└──┬───┘└──┬───┘      │
//	┌──▼───────▼───────▼───────▼──────────▼┐   ┌──────────────────────┐
//	│               one cache              │◄──┤ keeper: background   │
//	└──────────────────┬───────────────────┘   │ port and migration   │
//	                   ▼                       └──────────────────────┘
//	    memory: the log and the backings
//
// A thread that has nothing to do sleeps until its port wakes it, so that a
// wake-up that is lost hangs the test. At the end of each generation all is
// flushed, the server is killed in the middle of whatever migration does, and
// the log is resumed; at the end of the last one it is drained, and the
// backings alone must hold all. Meanwhile the cache is held to its invariants.
//
//	make test-race                                            each case for a moment
//	make race-test                                            five minutes
//	go test -race ./tests/race -run 'Threads/large' -race.for 1m
package race
