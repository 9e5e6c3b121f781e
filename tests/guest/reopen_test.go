package guest

import (
	"strings"
	"testing"
	"time"
)

// TestP8DiskComesBack: a SCSI disk is deleted under an attached device and comes
// back under another name. What is written and synced while it is away, the log
// takes; lc reopen goes on over it, and what drains is what the device shows.
func TestP8DiskComesBack(t *testing.T) {
	m := boot(t, sized(fast, 48<<20), sized(fast, 8<<20), 8*time.Minute)
	m.sh(`modprobe sd_mod; modprobe scsi_debug dev_size_mb=64; until [ -b /dev/sda ]; do sleep 0.1; done
lc format-cache --segment-size 256K $ssd; lc resume 3 $ssd; lc create myLV 5 /dev/sda; lc attach 5 3
dd if=/dev/urandom of=/dev/lc/myLV bs=1M count=8 oflag=direct conv=fsync 2>/dev/null
lc drain 3
dd if=/dev/urandom of=/dev/lc/myLV bs=4k count=64 seek=1024 oflag=direct conv=fsync 2>/dev/null`)
	code, out := m.try("lc reopen 5")
	if code == 0 || !strings.Contains(out, "open already, there is nothing to do") {
		t.Errorf("lc reopen of a disk that is there: %d, %s", code, out)
	}
	m.sh(`echo 1 >/sys/block/sda/device/delete
dd if=/dev/urandom of=/dev/lc/myLV bs=4k count=64 seek=4096 oflag=direct conv=fsync 2>/dev/null`) // the log takes it
	m.sh("if timeout -s INT 5 lc drain 3 >/tmp/out 2>&1; then false; fi; grep 'held up' /tmp/out")
	m.sh(`for h in /sys/class/scsi_host/host*/scan; do echo "- - -" >$h; done; until [ -b /dev/sdb ]; do sleep 0.1; done`)
	t.Logf("%s", m.sh("lc reopen 5"))
	m.sh("lc list | grep /dev/sdb")
	m.drainedEqual("/dev/sdb")
}
