// Command synctrace shows where the time of one fdatasync goes. In a guest it
// runs 4 KiB writes, each followed by fdatasync, on the cache, with the
// kernel's block events recorded, and prints the time between each two events:
//
//	go run ./tools/synctrace [-jobs n] [-seconds n] [-lc bin/lc]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

func main() {
	jobs := flag.Int("jobs", 1, "writers side by side")
	seconds := flag.Int("seconds", 2, "how long")
	lc := flag.String("lc", "bin/lc", "the lc program, built with CGO_ENABLED=0")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	text, err := record(ctx, *lc, *jobs, *seconds)
	if err == nil {
		err = report(os.Stdout, text, *jobs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "synctrace:", err)
		os.Exit(1)
	}
}

// record returns what the kernel traced, behind lines that name the devices.
func record(ctx context.Context, lc string, jobs, seconds int) (string, error) {
	m, err := vm.Boot(ctx, vm.Config{
		Udev: true,
		Disks: []vm.Disk{
			{Name: "ssd", Model: disk.Config{Size: 256 << 20, Latency: 60 * time.Microsecond, FlushLatency: time.Millisecond, WriteBPS: 60e6, WriteIOPS: 5000}},
			{Name: "hdd", Model: disk.Config{Size: 1 << 30}},
		},
		Files: map[string]string{"/usr/bin/lc": lc},
	})
	if err != nil {
		return "", err
	}
	defer m.Close()
	script := fmt.Sprintf(`exec 3>&1 >/tmp/out 2>&1
set -e
modprobe ublk_drv
lc format-cache $ssd; lc resume 3 $ssd; lc create myLV 5 $hdd; lc attach 5 3
t=/sys/kernel/tracing; mount -t tracefs none $t
echo 16384 > $t/buffer_size_kb
echo 1 > $t/events/block/block_rq_issue/enable; echo 1 > $t/events/block/block_rq_complete/enable
dev() { printf "%%s %%s " $1 $(cat /sys/block/$(basename $(readlink -f $2))/dev) >&3; }
dev ssd $ssd; dev ublk /dev/lc/myLV; echo >&3
fio --name=x --filename=/dev/lc/myLV --ioengine=psync --direct=1 --rw=randwrite --bs=4k --fdatasync=1 --size=100m --time_based --runtime=%d --numjobs=%d --group_reporting
echo 0 > $t/tracing_on
cat $t/trace >&3
lc status >&3`, seconds, jobs)
	out, err := m.Output(ctx, script)
	if err != nil {
		log, _ := m.Output(ctx, "cat /tmp/out")
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(log))
	}
	return out, nil
}
