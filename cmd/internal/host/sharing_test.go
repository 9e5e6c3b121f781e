package host

import (
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/migrate"
)

func TestSharing(t *testing.T) {
	w, err := newWorker()
	if err != nil {
		t.Fatal(err)
	}
	defer w.event.Close()
	var members []*Device
	for id := range uint8(2) {
		d, err := NewDevice(5+id, "d", diskFile(t, "backing", 1<<20), DeviceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.backing.Close()
		members = append(members, d)
	}
	w.members.Store(&members)
	now := time.Unix(1000, 0)
	if w.shared(now) {
		t.Error("shared before anybody came")
	}
	members[1].reads.Store(1)
	if !w.shared(now) {
		t.Error("a read under way is not seen")
	}
	members[1].reads.Store(0)
	if !w.shared(now.Add(shareFor-1)) || w.shared(now.Add(shareFor)) {
		t.Error("not shared for a second after it")
	}
	w.policy.Store(&Policy{Loads: []migrate.Load{{Device: 5, Busy: 50}, {Device: 6, Busy: 50}}})
	if !w.pastUs(now, 5) || w.pastUs(now, 6) || !w.pastUs(now.Add(shareFor), 6) {
		t.Error("a busy backing is used past us as long as nobody is seen to use it through us")
	}
}
