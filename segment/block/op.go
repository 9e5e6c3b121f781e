// Package block has the words in which the state machines of the cache speak of the
// devices below it: the operations that they ask for, and who is told of the end of
// one. What carries them out is elsewhere: package blockdev does on real disks,
// the simulator on its own.
package block

import (
	"strconv"
	"time"
)

// Kind says what an operation does.
type Kind uint8

// Kinds of operations.
const (
	// Read fills Buf from Offset. When it completes nothing is said of durability.
	Read Kind = iota
	// Write stores Buf at Offset. It is durable after a later Flush succeeded.
	Write
	// Flush makes everything durable that had completed when it was issued.
	Flush
	// Discard makes Length bytes from Offset read as zeroes, and gives their room
	// back where the device can do that. Like a Write it is durable after a Flush.
	Discard
	// Zero makes them read as zeroes and leaves them allocated.
	Zero
	// Wait does nothing, and completes when For has passed, or later. No device has
	// a part in it.
	Wait
)

func (k Kind) String() string {
	return [...]string{"read", "write", "flush", "discard", "zero", "wait"}[k]
}

// Dev names a device below the cache.
type Dev uint8

// Cache is the log's own device; 1 … 127 are backings, by device id.
const Cache Dev = 0

func (d Dev) String() string {
	if d == Cache {
		return "the cache device"
	}
	return "the backing of device " + strconv.Itoa(int(d))
}

// Handle names a cache device to what carries operations out. That finds the
// disk by it when an operation starts; the state machines only hand it on.
type Handle interface{ FD() int }

// Op is one device operation. The state machine that made it owns it again
// when Sink.Done is called.
type Op struct {
	Kind   Kind
	Dev    Dev
	FUA    bool          // with Write: it is durable when it completes, and only it
	Tag    uint32        // free for the Sink
	Disk   Handle        // with Cache: the cache device, as the host named it to the cache
	Offset int64         // bytes
	Length int64         // of a Discard or Zero: bytes
	For    time.Duration // of a Wait
	Buf    []byte        // of a Read or Write: page memory outside the Go heap, whole sectors
	Sink   Sink          // who is told of the completion
}

// Bytes is how much of the device an operation is about.
func (o *Op) Bytes() int64 {
	if o.Kind == Discard || o.Kind == Zero {
		return o.Length
	}
	return int64(len(o.Buf))
}

// Sink is told when an operation has completed. err is nil, or what the device
// said; a short transfer is an error.
type Sink interface {
	Done(op *Op, err error)
}
