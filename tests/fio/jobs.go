// Package fio holds the fio jobs of the benchmark, one in a file, in a form
// that anyone can run by hand. They write, to whatever device they are given:
//
//	FILENAME=/dev/X SIZE=200m RUNTIME=10 fio tests/fio/rw4k-qd32.fio
//
// FILENAME is the device, SIZE the span of it that is used, from its start,
// and RUNTIME is in seconds. Some jobs want more variables; their first line
// tells.
package fio

import "embed"

// Jobs are the job files, by name.
//
//go:embed *.fio
var Jobs embed.FS
