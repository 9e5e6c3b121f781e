// Package server is the process that hosts all caches and devices: its socket,
// its requests, its signals, its memory and its end. What is asked of it the
// packages below do:
//
//	lc ──► unix socket ──► server ──► verbs ───────────────► manager ──► host
//	                          │                                 ▲
//	                          └─────► daemon verbs ► autopilot ─┘
//
// It knows what a process knows, and nothing of caches and devices: a verb is
// a method of the manager or of the autopilot.
package server
