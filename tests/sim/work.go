package sim

import (
	"fmt"
	"time"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// work is what simulated devices have done. They have no speed, and the
// simulator has no clock: busy is how long the same operations would have kept
// real devices busy, one after the other. These are the benchmark's SSD and a
// disk that seeks for each operation.
type work struct {
	ios   int // operations completed, recoveries' among them
	busy  time.Duration
	waits int // of barriers for company
}

const (
	ssdAccess, ssdFlush   = 60 * time.Microsecond, time.Millisecond
	diskAccess, diskFlush = 8 * time.Millisecond, 8 * time.Millisecond

	ssdRate, diskRate = 60e6, 120e6 // bytes/s
)

func (k *work) add(cache bool, op *block.Op) {
	access, flush, rate := diskAccess, diskFlush, diskRate
	if cache {
		access, flush, rate = ssdAccess, ssdFlush, ssdRate
	}
	k.ios++
	if op.Kind == block.Flush {
		k.busy += flush
		return
	}
	k.busy += access
	if op.Kind == block.Read || op.Kind == block.Write { // a discard moves nothing
		k.busy += time.Duration(float64(len(op.Buf)) / rate * float64(time.Second))
	}
	if op.FUA {
		k.busy += flush
	}
}

func (k *work) String() string {
	return fmt.Sprintf("%d I/Os of %.0f simulated seconds, %d waits for company", k.ios, k.busy.Seconds(), k.waits)
}

// pace says how much was done in each second that it took.
func (s *Stats) pace(took time.Duration) string {
	n := took.Seconds()
	return fmt.Sprintf("a second of ours is %.0f states, %.0f I/Os, %.1f simulated seconds", float64(s.States())/n, float64(s.work.ios)/n, s.work.busy.Seconds()/n)
}
