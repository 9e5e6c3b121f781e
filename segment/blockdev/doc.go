// Package blockdev opens the disks below a cache, says what the host knows of
// them, and carries out, with O_DIRECT and through an io_uring, the operations
// that package block names.
package blockdev
