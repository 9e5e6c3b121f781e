package manager

import (
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
)

// writerFunc is a writer that is a function.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A disk that changes its size under us is noticed: said in the list for as
// long as it is so, and logged once.
func TestResizedDisks(t *testing.T) {
	m := newManager(t)
	var mu sync.Mutex
	var log []string
	m.log = slog.New(slog.NewTextHandler(writerFunc(func(line []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, string(line))
		return len(line), nil
	}), nil))
	ssd, hdd := formatted(t), disk(t, "hdd", 64<<20)
	m.mustResume(t, 3, ssd)
	m.mustCreate(t, "a", 5, hdd)
	for _, c := range []struct {
		path   string
		size   int64
		cache  string
		device string
	}{
		{hdd, 80 << 20, "", "the backing has grown from 67108864 to 83886080 bytes; `lc remove 5` and `lc create a 5 " + hdd + "` to use that"},
		{hdd, 32 << 20, "", "the backing HAS SHRUNK from 67108864 to 33554432 bytes"},
		{hdd, 64 << 20, "", ""},
		{ssd, 64 << 20, "", ""},
		{ssd, 16 << 20, "the cache device HAS SHRUNK from 33554432 to 16777216 bytes", ""},
		{ssd, 32 << 20, "", ""},
	} {
		if err := os.Truncate(c.path, c.size); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		log = nil
		mu.Unlock()
		m.List()
		l := m.List()
		if got := l.Caches[0].Note; !strings.HasPrefix(got, c.cache) || c.cache == "" && got != "" {
			t.Errorf("%s of %d bytes: noted of the cache: %q", c.path, c.size, got)
		}
		if got := l.Devices[0].Note; !strings.HasPrefix(got, c.device) || c.device == "" && got != "" {
			t.Errorf("%s of %d bytes: noted of the device: %q", c.path, c.size, got)
		}
		about := "cache=3"
		if c.device != "" {
			about = "device=5"
		}
		if want := c.cache + c.device; (want != "") != (len(log) == 1) || want != "" && (!strings.Contains(log[0], want) || !strings.Contains(log[0], about)) {
			t.Errorf("%s of %d bytes: logged %q", c.path, c.size, log)
		}
	}
}
