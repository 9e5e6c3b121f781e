package guest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// TestStatusTellsTheTruth compares what list and status say under load with
// what is so.
func TestStatusTellsTheTruth(t *testing.T) {
	m := boot(t, sized(ssd, 64<<20), sized(fast, 256<<20), 5*time.Minute)
	m.format("--label fast")
	m.resume()
	m.sh("lc daemon stop; lc set caches/3/allow_migrate 0")
	fio, err := m.Start(vm.Command{Script: "fio --name=x --filename=/dev/lc/myLV --ioengine=io_uring --direct=1 --rw=randwrite --bs=4k --iodepth=16 --size=200m --norandommap --fdatasync=64 --time_based --runtime=8 >/dev/null"})
	if err != nil {
		t.Fatal(err)
	}
	var last cacheStatus
	for range 5 {
		time.Sleep(time.Second)
		s := m.status()
		if !(s.LastMigratedID <= s.LastFlushedID && s.LastFlushedID <= s.CurrentID) {
			t.Errorf("ids out of order: %+v", s)
		}
		if s.CurrentID < last.CurrentID || s.LastFlushedID < last.LastFlushedID || s.LastMigratedID < last.LastMigratedID {
			t.Errorf("ids went back: %+v after %+v", s, last)
		}
		last = s
	}
	if last.DirtyBlocks == 0 {
		t.Error("no dirty blocks under random writes without migration")
	}
	if code, err := fio.Wait(m.ctx); err != nil || code != 0 {
		t.Fatalf("fio: %d, %v", code, err)
	}
	var list struct {
		Caches []struct {
			ID          int
			Label       string
			DirtyBlocks uint64 `json:"dirty_blocks"`
		}
		Devices []struct {
			ID          int
			Name, Node  string
			Number      string
			CacheID     int    `json:"cache_id"`
			DirtyBlocks uint64 `json:"dirty_blocks"`
		}
	}
	if err := json.Unmarshal([]byte(m.sh("lc list --json")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Caches) != 1 || len(list.Devices) != 1 {
		t.Fatalf("%+v", list)
	}
	c, d := list.Caches[0], list.Devices[0]
	if c.ID != 3 || c.Label != "fast" || d.ID != 5 || d.Name != "myLV" || d.CacheID != 3 || d.DirtyBlocks != c.DirtyBlocks || c.DirtyBlocks == 0 {
		t.Errorf("%+v", list)
	}
	if got := m.sh("cat /sys/block/$(basename " + d.Node + ")/dev"); got != d.Number {
		t.Errorf("%s is %s, list says %s", d.Node, got, d.Number)
	}
	if got := m.sh("readlink -f /dev/lc/myLV"); got != d.Node {
		t.Errorf("/dev/lc/myLV leads to %s, list says %s", got, d.Node)
	}
	m.sh("lc detach 5")
	if s := m.status(); s.DirtyBlocks != 0 || s.LastMigratedID != s.LastFlushedID {
		t.Errorf("after detach: %+v", s)
	}
	m.sh("lc free-cache 3; lc remove 5; lc shutdown")
}
