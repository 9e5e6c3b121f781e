// Package sysfsio is the control tree: the files of dm-lc's sysfs, and a few
// more, by path.
//
//	devices/ID/…   caches/ID/…
//
// One table of each kind declares every attribute once: name, type, default,
// documentation, where its value lies and how it is set. Its type has the range
// and the unit, and says how values are spelled. Every door to the tree is made of
// the tables, the defaults too.
//
// The package knows caches and devices by the small interfaces Cache and Device,
// which whoever hosts them implements. All that a listing shows of one of them is
// of one snapshot, so that reading everything disturbs the cache no more than
// reading one figure.
package sysfsio
