package manager

import (
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
)

func TestSettings(t *testing.T) {
	m := newManager(t)
	m.mustResume(t, 3, formatted(t))
	for path, value := range map[string]string{
		"caches/3/force_migrate": "1", "caches/3/nr_batched_migration": "32", "caches/3/allow_migrate": "1",
		"caches/3/writeback_running": "0", "caches/3/writeback_percent": "10", "caches/3/writeback_delay": "30", "caches/3/max_dirty_age": "60",
		"caches/3/writeback_rate": "1000000", "caches/3/writeback_rate_minimum": "8192", "caches/3/throttle_percent": "80",
		"caches/3/flush_current_buffer": "1", "caches/3/commit_super_block": "1",
	} {
		if _, err := m.Set(t.Context(), control.AttributeArgs{Path: path, Value: value}, quiet); err != nil {
			t.Error(err)
		}
	}
	p := m.caches[3].host.Settings()
	if !p.Allow || !p.Force || p.Batch != 32 {
		t.Errorf("in force: %+v", p)
	}
	if !p.Stopped || p.Percent != 10 || p.Delay != 30*time.Second || p.MaxAge != time.Minute || p.Rate != 1000000 || p.RateMinimum != 8192 || p.Watermark != 0.8 {
		t.Errorf("in force: %+v", p)
	}
	for path, code := range map[string]control.Code{
		"caches/3/nonsense": control.NotFound, "caches/3/label": control.NotPermitted, "caches/3/update_interval": control.BadValue,
	} {
		if _, err := m.Set(t.Context(), control.AttributeArgs{Path: path, Value: "0"}, quiet); err == nil || classify.Classify(err).Code != code {
			t.Errorf("%s: %v, want %v", path, err, code)
		}
	}
}
