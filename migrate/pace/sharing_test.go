package pace

import (
	"testing"
	"time"
)

// A backing counts as shared for a second after each read, and one that is busy
// without a read of ours has users whom nobody sees.
func TestSharing(t *testing.T) {
	var s sharing
	s.init()
	devices := []Device{{ID: 5}, {ID: 6}}
	const now = 1000 * time.Second
	if s.shared(now, devices) {
		t.Error("shared before anybody came")
	}
	devices[1].Reading = true
	if !s.shared(now, devices) {
		t.Error("a read under way is not seen")
	}
	devices[1].Reading = false
	if !s.shared(now+sharedFor-1, devices) || s.shared(now+sharedFor, devices) {
		t.Error("not shared for a second after it")
	}
	loads := []Load{{Device: 5, Busy: 50}, {Device: 6, Busy: 50}}
	if !s.externalIO(now, 5, loads) || s.externalIO(now, 6, loads) || !s.externalIO(now+sharedFor, 6, loads) {
		t.Error("a busy backing has external users as long as nobody is seen to use it through us")
	}
}
