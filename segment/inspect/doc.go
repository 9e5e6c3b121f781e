// Package inspect looks at a cache device without a server, and without
// changing it: what is valid, what is torn, what is damaged, what every byte
// means, and what a log would write back.
//
//	Open ─► Image ─┬─ Survey ─► Log ─┬─ Report   lc check
//	               │                 └─ Plan ─► Replay   lc replay
//	               └─ Dump…  ─► []Section   lc dump
//
// Recovery itself stops at damage, and reads no payload that it knows to be
// durable. A survey goes further: it verifies the payload of all records, and
// looks behind damage for records that are whole. It takes the run of records
// from [segment.Recover], so it never accepts more of an undamaged log than a
// resume would.
//
// A sector that cannot be read counts as damaged; it does not end a survey.
package inspect
