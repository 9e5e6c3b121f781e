// Package index remembers where the newest copy of every cached sector lies
// in the log.
//
// It maps a device (0..127) and a 4 KiB block number (below 2^41) to at most
// eight entries. An entry says which of the block's eight 512-byte sectors it
// covers (bit i of a mask is sector i) and a base: sector i lies at sector
// base+i of the cache device. The masks of a block's entries never overlap,
// so every sector has one place, the one of its newest write. A block written
// whole has one entry; partial writes that landed apart leave several. A base
// from [Zeroes] on says instead that the sectors are zeroes.
//
// The index is the largest thing the cache keeps in memory, so its layout is
// chosen for bytes per entry and for short pauses:
//
//   - An entry takes 16 bytes in anonymous memory the garbage collector never
//     sees. The key is stored as a 48-bit bijective hash, from which device
//     and block can be computed back.
//   - The high bits of the hash choose one of many shards. A shard is an
//     array kept in hash order with gaps: linear probing from a home position
//     that rises with the hash. Being in order, a search may stop at the
//     first larger hash, a table can run about nine tenths full, and resizing
//     is one sequential copy.
//   - Each shard owns a stretch of reserved address space much larger than it
//     is expected to need and grows in place, about a tenth at a time, by
//     touching further pages. Only one shard of some thousand entries is
//     resized at once, and no memory is lost to outgrown tables.
//   - A [Loader] brings entries into that order shard by shard, when there are
//     so many of them that single insertions would take too long.
//
// An Index is not safe for concurrent use, except that those calls that change
// nothing (Get, Find, Prefetch, ForEach, Len, Blocks, Bytes) may run side by
// side. It does not start goroutines, but for those that a [Loader] is told to.
package index
