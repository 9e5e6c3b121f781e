package manager

import (
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
)

// A cache is not let go of while a create looks at what it holds: the device
// would wait for whichever cache has that id next.
func TestFreeBesideCreate(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	m.mustResume(t, 3, cache)
	m.describe = nameless
	freed := make(chan error, 1)
	m.knownBy = func(uint64) (string, error) {
		go func() {
			_, err := m.FreeCache(t.Context(), control.IDArgs{ID: 3}, quiet)
			freed <- err
		}()
		time.Sleep(time.Second)
		return "", nil
	}
	m.mustCreate(t, "myLV", 5, backing)
	if err := <-freed; err == nil {
		t.Errorf("it was freed: the device is %+v, and the caches %+v", m.List().Devices[0], m.List().Caches)
	}
}
