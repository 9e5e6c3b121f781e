// Package disk is a modelled disk: an NBD server over a sparse file that is
// as slow as the disk it stands for, and as forgetful when its power is cut.
//
// It exists so that tests can put a whole kernel in front of a device whose
// speed is known and whose lies are bounded:
//
//   - Speed. An arm (seek curve, rotation, media rate, C-LOOK queue) or solid
//     memory (a fixed latency, any number in parallel), the cost of a flush,
//     and a throttle on the bytes and operations written in a second.
//   - Power. Writes are volatile until a FLUSH that was received after their
//     completion, or until they carry FUA. Cut ends service at once; every
//     volatile write is then lost, applied, or torn at a sector boundary,
//     each by its own throw of a seeded dice, so that a later one may survive
//     an earlier one. Or all of them are lost, which is the sharpest way to
//     find a missing flush.
//   - Evidence. Counters tell what reached the disk; a FLUSH that some layer
//     above swallowed is a FLUSH that is not counted.
//
// A disk is one thread, which waits for requests and for time in one place, so
// that it takes little from the guest that shares the host's processors with it.
//
// # How volatile data is kept
//
// The file holds what a reader sees: the newest completed write. Beside it an
// undo log in memory holds what each volatile write replaced. A flush forgets
// the head of that log; a cut walks it backwards, which leaves the stable
// image, and then throws the dice forwards. So reads and flushes cost nothing
// extra, and memory grows only with what was written since the last flush,
// up to Config.VolatileLimit: beyond it the disk makes its oldest writes
// stable on its own, as a disk's cache does.
package disk
