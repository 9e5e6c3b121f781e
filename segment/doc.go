// Package segment defines the on-disk format of a ublk-lc cache device and the
// rules by which it is recovered. It is pure: bytes in, bytes out; only what
// reads a device, such as [Recover], does so, through an [io.ReaderAt] it is given.
// Of a [BatchReaderAt] it reads ahead, with goroutines that end before it returns.
//
// This comment is the specification of format version 2, and of version 1, of
// which it says where it differs. All integers are
// little endian. A sector is 512 bytes. A checksum is a CRC32C (Castagnoli).
// Numbers in the format are explicit and are never reused.
//
// # Regions
//
//	0           512 KiB      1 MiB
//	┌───────────┬────────────┬─────────┬─────────┬─────┬─────────┬──────────┐
//	│ super (A) │ super (B)  │ slot 0  │ slot 1  │ ... │ slot S-1│ (unused) │
//	└───────────┴────────────┴─────────┴─────────┴─────┴─────────┴──────────┘
//
// Slots are of equal size, a power of two from 8 KiB to 64 MiB. Segment ids
// run 1, 2, 3 ...; segment id lives in slot (id-1) mod S. 0 is no segment.
//
// # Superblock
//
//	  0  8  magic "ublk-lc" 0
//	  8  4  version (2)
//	 12  4  checksum of all bytes of the superblock, this field taken as 0
//	 16  4  length in bytes: 512 + (128 + 2048) × bindings; in version 1: 512 + 128 × bindings
//	 20  4  number of bindings (0 … 127)
//	 24  8  generation: rises by one with each update
//	 32 16  cache UUID
//	 48 32  label, UTF-8, padded with 0
//	 80  8  size of the cache device in bytes at format
//	 88  4  block size in bytes: 512 or 4096, the smallest unit of I/O
//	 92  4  segment size in bytes
//	 96  8  number of slots S
//	104  8  offset of slot 0 in bytes
//	112  8  nonce: random, in every record, so that no older log can be replayed
//	120  8  epoch: rises by one at each resume; records carry it
//	128  8  last_migrated: all data of segments up to this id is durable on the backings
//	136  8  migrated_seq: sequence of the last record of those segments
//	144  8  durable_seq: records up to this sequence are durable on the cache
//	152  4  flags: 1 = clean (the log ends exactly at durable_seq)
//	156  4  alignment in bytes: every record starts and ends on it; the block size or 4096, 0 = the block size
//	160  8  epoch_seq: the last record that the resume which began this epoch accepted; in version 1 durable_seq stands for it
//	168  8  compatible features: who does not know one may use the log, and keeps the bit
//	176  8  read-only features: who does not know one may read the log, and not write it
//	184  8  incompatible features: who does not know one cannot read the log
//	192     reserved, 0, up to 446; kept as they are found
//	446 66  a protective MBR: 00 00 02 00 EE FF FF FF 01 00 00 00 FF FF FF FF, 48 × 00, 55 AA; or 0
//
// then for each binding of a backing device, 128 bytes:
//
//	  0  1  device id (1 … 127)
//	  1  1  state: 1 = attached, 2 = detached
//	  2  6  reserved, 0
//	  8 16  UUID given to the backing at its first attach
//	 24  8  size in sectors
//	 32  8  fingerprint of what the host says of the disk's identity; 0 = none
//	 40 64  name, UTF-8, padded with 0
//	104  8  given_up: extents of the device in records up to this sequence count no more
//	112     reserved, 0, up to 128; kept as they are found
//
// then, not in version 1, for each binding in the same order, a witness of what
// some places of the backing hold as last written through the cache, 2048 bytes:
//
//	  0  2  H, the number of sectors at the start of the backing
//	  2  2  T, the number of sectors at its end; H + T <= 385
//	  4  2  M, the number of marks (0 … 29)
//	  6  2  N, the number of samples (0 … 12)
//	  8  8  size of the backing in sectors; 0 = there is no witness
//	 16     checksums of the H and then of the T sectors, 4 bytes each
//	...     marks and then samples, 12 bytes each: LBA (8), checksum of that sector (4)
//	...     0, up to 2048
//
// No feature is defined yet. What a compatible one keeps in reserved fields of the
// superblock or of a binding outlives the updates of a program that does not know
// it; a binding that is made anew has zeroes there.
//
// The fields from 0 to 20 are the same in all versions, and no version is longer
// than 278528 bytes, so that any program can check a copy, and then knows whether
// it is a later one's, or went bad.
//
// The MBR is for programs that do not know this format: to them the disk is one
// with a partition table, to be asked about before it is overwritten, and the
// kernel finds no partition in it. A reader takes no notice of it.
//
// Fields that are reserved in version 1 are 0 there, and mean what a 0 means. A
// program writes the version that it knows best: the first update by a later
// one turns a cache into its version.
//
// Generation g is written at A when g is even and at B when it is odd, then
// flushed. A reader takes the valid copy of the higher generation, so a torn
// one leaves its predecessor. An update is done only when two generations in a
// row state it. Before that nothing is built on it, and both copies are right;
// after it, both state it. So of two valid copies either one may go bad at any
// time, and the other is as good. (Programs before this rule wrote one
// generation for each update; the first update by a later one mends that.)
//
// # Record
//
// A segment holds records one after another from the slot's start, without a
// gap. A record is a header and its payload; both are written by one write,
// which starts and ends on the alignment.
//
//	 0  4  magic "LCR1"
//	 4  4  checksum of the whole header, this field taken as 0
//	 8  8  nonce
//	16  8  epoch
//	24  8  segment id
//	32  8  sequence: rises by one from record to record over all segments
//	40  8  durable_seq: when this header was built, records up to this sequence were durable
//	48  4  position of this header in its slot, in sectors
//	52  4  prev_end: for a record at position 0, where the previous segment ends, in sectors; else 0
//	56  4  payload length in sectors
//	60  2  header length in sectors
//	62  2  number of extents
//	64  2  flags: 1 = barrier
//	66     reserved, 0, up to 80
//	80     extents, 12 bytes each
//	...    checksums, 4 bytes for each 4 KiB of payload, the last may be shorter
//	...    0 up to the header length
//
// An extent is a 64-bit word (LBA in bits 0-47, device id in bits 48-55, kind
// in bits 56-63) and a 32-bit length in sectors. Kinds: 1 data, 2 discard, 3
// zeroes, 4 invalidate, 5 clean. Data and clean extents own the payload in
// their order; other kinds own none. Within a record a later extent is newer.
// A data extent states what its sectors hold; a discard or a zeroes extent that
// they are zeroes. After a discard the backing may give their room back, after
// zeroes it keeps it. A record may have no payload at all.
// Payload after the last extent's is padding to the alignment, and is
// covered by the checksums as well.
//
// # Order of writes
//
// A record is atomic: it counts only when its header and payload are whole. A
// barrier is answered when every record up to its own is durable: by a flush of
// the cache device that was issued after its write had completed, or by a write
// with FUA. A slot is
// written again only after both copies of the superblock durably have
// last_migrated at or above its segment; the first such copy is written only
// after the flush of every backing the segment's data went to.
//
// # Recovery
//
// The log starts behind last_migrated, with sequence migrated_seq+1. It is the
// longest run of records with consecutive sequences, whose epoch never falls,
// from there on. A record of an older epoch than the superblock's, with a sequence
// above its epoch_seq, was dropped by the resume that began that epoch, and is
// none. The head of a segment states where its predecessor ends: what lies beyond
// is of an abandoned past. Let D be the highest durable_seq that the superblock
// states, or any valid header that is found: the heads of all segments, what
// follows those behind the run's end, and all blocks of the slots in which the
// next record may be. A break in the run above D is a torn tail, which is normal,
// and everything from it on is dropped. A break at or below D is damage, and is
// reported with its address. Payload is read and verified for records above D only.
//
// A sector that cannot be read is no valid record, and no more than that: above D
// it is a torn tail or a free slot, at or below D it is damage. It is read twice;
// if the second time succeeds, or if the error is one of the whole device, there
// is no recovery. One thing cannot be known. The next record would be behind the
// last one of the run in its slot, or at the head of the next segment. If one of
// these places cannot be read, or the payload there, a record may have been there
// that was durable, when it was the last one: then nothing else states it. The log
// goes on without it, and that is said aloud. After a clean shutdown it is known
// that there was none.
//
// What a device's extents in records up to its given_up say counts for nothing:
// they stay in the log until they are migrated, and are skipped then. Their
// records belong to the run like all others.
//
// After recovery the epoch rises, which is made durable before the next
// record is written, and no given_up stays above the last record, as later ones
// will have those sequences. The log goes on in the segment after the last one of
// the run. So a dropped record can never join a later run.
//
// # Witness
//
// Each sector that a witness names holds, on the backing, what its checksum is
// of, or what an extent of the unmigrated log says of it: any extent, not only
// the newest. The last T sectors are those of the size in the witness. A program
// that writes a backing keeps that so: the update that states a batch to be
// migrated has the new checksums of what the batch wrote, and nothing else
// writes to a witnessed sector while the device is bound and attached. A witness
// that a program cannot keep true is to be dropped (size 0). See package witness.
package segment
