// Package server is the one process that hosts all caches and devices.
//
//	lc ──► unix socket ──► verbs ──► Manager ──► host.Cache, host.Device
//	                                   ▲
//	                      daemon ──────┘  the autonomous control
//
// The Manager's lock guards its tables and is never held over I/O. A command
// that takes its time marks what it works on instead: other commands on the same
// device are refused with what is being done, and list and status show it.
package server
