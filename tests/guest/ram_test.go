package guest

import (
	"testing"
	"time"
)

// TestRAMDeviceVerifies runs fio with checksums over both queues of the RAM
// device that tools/ublkdemo builds on package ublk.
func TestRAMDeviceVerifies(t *testing.T) {
	m := boot(t, sized(fast, 8<<20), sized(fast, 8<<20), 5*time.Minute)
	if err := m.PushFile(m.ctx, "/usr/bin/ublkdemo", program(t, "../../tools/ublkdemo", "ublkdemo")); err != nil {
		t.Fatal(err)
	}
	m.sh(`(ublkdemo ram --size 256M --queues 2 --depth 64 >/tmp/ram.dev & echo $! >/tmp/pid)
until [ -s /tmp/ram.dev ]; do sleep 0.1; done
test "$(ls -d /sys/block/ublkb0/mq/* | wc -l)" = 2`)
	// One job on each CPU, so on each queue.
	m.sh(`fio --filename=/dev/ublkb0 --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-1m --blockalign=512 --iodepth=32 \
  --verify=crc32c --verify_fatal=1 --size=96m --name=a --cpus_allowed=0 --offset=0 --name=b --cpus_allowed=1 --offset=128m >/tmp/out || { cat /tmp/out; false; }
kill -TERM $(cat /tmp/pid)
for i in $(seq 50); do [ -e /dev/ublkb0 ] || break; sleep 0.1; done
test ! -e /dev/ublkb0`)
}
