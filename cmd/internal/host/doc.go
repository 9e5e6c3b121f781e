// Package host runs the state machines of logcache and migrate on real threads,
// rings and devices.
//
//	kernel ─► ublk queue thread ─► logcache.Port ─► that queue's own ring
//	          one for each queue
//
//	          cache thread      ─► logcache.Port, migrate.Migrator ─► its ring
//	          one for each cache
//
// A queue's thread serves its requests from start to end. Only what belongs to
// no queue runs on the cache's thread: migration and the superblock.
package host
