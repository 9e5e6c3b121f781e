// Package witness tells whether a disk is the one that a log has data of, as it
// was left: by what is written on it, whatever the host calls it. It is pure,
// but for a [Reader] that is given an [io.ReaderAt].
//
// A [segment.Witness] has the checksums of some sectors of a backing: its first
// and its last ones, which every mount, LVM, md, GPT and mkfs touches; marks,
// which look like a superblock, wherever they lie; and samples of the last batch
// that was migrated. The superblock of the cache has one for each binding.
//
// # The rule
//
// Each witnessed sector of the backing holds what the witness says, or some
// version of it that the log has and that is not migrated: any of them, not just
// the newest, for a batch that was cut short may have written an older one. Where
// that is not so, somebody wrote to the disk behind the log's back, or it was set
// back, or it is another disk, or the log is an old copy. [Judge] finds out. What
// the log has it believes only where the checksums of its records are right:
// where the log itself went bad, nothing is said of the disk.
//
// # Why it holds after a crash at any point
//
// Take a copy of the superblock, either of them, and a witnessed sector. Let M be
// the last segment that this copy says is migrated.
//
//   - At attach, behind a freeze and a flush of the backing, the witness is taken
//     from the disk as it is ([Capture]); or, when the log has data of the device
//     and the rule was found to hold, the old one stays, and the rule with it.
//   - While attached, nothing writes to a witnessed sector but migration: what
//     would bypass the log and touches one goes to the log instead.
//   - A batch writes versions of segments behind M. Until an update of the
//     superblock states them to be migrated, no slot of theirs is used again, so
//     the log has what the batch may have written, done or failed or cut short.
//   - That update is issued when the batch is durable on the backing, and has the
//     checksums of what the batch wrote ([Change]): new versions of sectors that
//     were witnessed before, new marks and samples. So a copy that states the
//     batch to be migrated knows what it left, and the other one still has a log
//     that does. Nothing builds on the update before both copies state it.
//   - A batch that fails changes no witness.
//
// Data of a device that is given up counts as no version, although a batch may
// have written some of it. So whoever gives data up must let go of the witness,
// unless the device is attached anew before it has data in the log again.
package witness
