// Package manager has the tables of caches and devices, and their life cycles:
// what is put into service and taken out of it, by whose word, and whether a
// disk is the one that a log holds data of.
//
//	 resume ─► cache ─► free          create ─► device ─► remove
//	             │                                 │
//	             └──── attach, drain, detach ──────┘
//
//	Manager ──► host.Cache, host.Device   which run them
//	        ──► whose                     to which disk the data in a log belongs
//	        ──► seen                      which caches this host has had
//	        ──► diskload                  how busy others keep a disk
//
// Its lock guards the tables and is never held over I/O. A command that takes
// its time marks what it works on instead: other commands on the same device
// are refused with what is being done, and list and status show it.
//
// It knows nothing of sockets and signals, and of a [Pilot] only how to end it.
package manager
