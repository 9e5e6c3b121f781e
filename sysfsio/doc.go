// Package sysfsio is the control tree: the files of dm-lc's sysfs, and a few
// more, by path.
//
//	devices/ID/…   caches/ID/…
//
// One table declares each attribute once: name, mode, unit, range, default,
// documentation, how it is shown and how it is set. Every door to the tree is
// made from it. The package knows caches and devices by the small interfaces
// Cache and Device, which whoever hosts them implements.
package sysfsio
