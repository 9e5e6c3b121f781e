package guest

import (
	"encoding/json"
	"testing"
	"time"
)

// TestFioVerifyWrapsTheLog writes and verifies random sizes through two queues
// until the ring of the log has turned at least ten times.
func TestFioVerifyWrapsTheLog(t *testing.T) {
	m := boot(t, sized(fast, 48<<20), sized(fast, 512<<20), 10*time.Minute)
	m.format("")
	m.resume()
	// The size keeps every block written once within the verify pass, as fio's
	// verify wants it.
	for range 3 {
		job := m.fio("/dev/lc/myLV", "--rw=randwrite --bsrange=512-1m --bs_unaligned=0 --blockalign=512 --iodepth=32 --size=256m --verify=crc32c --verify_fatal=1 --do_verify=1 --random_generator=tausworthe64 --numjobs=1")
		if job.Error != 0 {
			t.Fatalf("fio: error %d", job.Error)
		}
	}
	s := m.status()
	if turns := float64(s.CurrentID) / float64(s.Segments); !(turns >= 10) {
		t.Errorf("the log has turned %.1f times only", turns)
	}
	t.Logf("%d segments through a ring of %d", s.CurrentID, s.Segments)
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
}

// cacheStatus is what `lc status --json` says of a cache, as far as tests look
// at it.
type cacheStatus struct {
	Segments       uint64 `json:"segments"`
	CurrentID      uint64 `json:"current_id"`
	LastFlushedID  uint64 `json:"last_flushed_id"`
	LastMigratedID uint64 `json:"last_migrated_id"`
	DirtyBlocks    uint64 `json:"dirty_blocks"`
}

func (m *machine) status() cacheStatus {
	m.t.Helper()
	var all struct {
		Caches []struct {
			Log cacheStatus `json:"log"`
		} `json:"caches"`
	}
	out := m.sh("lc status --json")
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all.Caches) == 0 {
		m.t.Fatalf("lc status: %v\n%s", err, out)
	}
	return all.Caches[0].Log
}
