package vm

import (
	"strconv"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
)

// TestThrottleSeenByGuest measures the throttle where it is used. The lower
// bound is generous, since a busy host can only make a guest slower.
func TestThrottleSeenByGuest(t *testing.T) {
	ctx := guestTest(t)
	m := boot(t, ctx, Config{Disks: []Disk{{Name: "ssd", Model: disk.Config{
		Size: 256 << 20, WriteBPS: 60e6, WriteIOPS: 5000, Latency: 60 * time.Microsecond, FlushLatency: time.Millisecond,
	}}}})
	fio := func(args, field string) float64 {
		out := output(t, ctx, m, "fio --name=x --filename=$ssd --direct=1 --ioengine=io_uring --time_based --ramp_time=1 --runtime=5 --norandommap --output-format=json "+args+
			" | jq '.jobs[0].write."+field+"'")
		v, err := strconv.ParseFloat(out, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	check := func(what string, got, want float64) {
		t.Logf("%s: %.2f, the throttle is at %.0f", what, got, want)
		if got > want*1.03 || got < want*0.7 {
			t.Errorf("%s: %.2f, want %.0f", what, got, want)
		}
	}
	check("random writes of 4 KiB a second", fio("--rw=randwrite --bs=4k --iodepth=32", "iops"), 5000)
	check("sequential MB/s", fio("--rw=write --bs=128k --iodepth=16", "bw_bytes")/1e6, 60)
}
