package pace

import (
	"testing"
	"time"
)

// at is a moment of the tests' clock.
func at(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// meterLog is a log of 100 segments of 1 MiB, migrated up to one of them.
func meterLog(migrated uint64) *Log {
	return &Log{Slots: 100, Segment: 1 << 20, LastMigrated: migrated}
}

// measured is a meter that has seen a batch of 40 segments take 4 s, 1 s of them
// for one backing and 4 s for another.
func measured(t *testing.T) *meter {
	var m meter
	if got := m.takes(defaultRate); got != time.Second {
		t.Errorf("by default: %v", got)
	}
	m.begin(0, 10)
	for range 64 {
		m.wrote(0, 5, 16<<10)
		m.wrote(0, 6, 16<<10)
	}
	m.wrote(0, 7, 512)
	m.look(at(1), []Device{{ID: 5}, {ID: 6, Busy: true}, {ID: 7}})
	m.look(at(4), []Device{{ID: 5}, {ID: 6}, {ID: 7}})
	m.end(at(4), meterLog(50))
	return &m
}

func TestMeter(t *testing.T) {
	m := measured(t)
	if b := &m.backings; m.sustained != 10<<20 || b[5].sustained != 1<<20 || b[6].sustained != 1<<18 || b[7].sustained != 0 {
		t.Errorf("the log %d, backings %d, %d and %d", m.sustained, b[5].sustained, b[6].sustained, b[7].sustained)
	}
	m.begin(0, 50)
	m.wrote(0, 6, 1<<20)
	m.look(at(1), nil)
	m.end(at(1), meterLog(50))
	if got := m.backings[6]; got.sustained != 1<<18 || got.writing {
		t.Errorf("learned from a backing that is gone: %+v", got)
	}
	m.begin(0, 50)
	m.end(at(3600), meterLog(51))
	m.begin(0, 51)
	m.slowed = true
	m.end(at(3600), meterLog(91))
	if m.sustained != 10<<20 {
		t.Errorf("learned from a batch of one segment, or one that was held back: %d", m.sustained)
	}
}

func TestMeterForecasts(t *testing.T) {
	m := measured(t)
	m.begin(0, 50)
	none, half := []Device{{ID: 6}, {ID: 3}}, []Device{{ID: 6, Done: 100, Writes: 200}, {ID: 3, Done: 50, Writes: 200}}
	takes := func(what string, seconds float64, devices []Device, want float64) {
		t.Helper()
		if got := m.willTake(at(seconds), 50<<20, devices); got != at(want) {
			t.Errorf("%s: %v, want %v", what, got, at(want))
		}
	}
	takes("a batch that has just begun", 1, none, 5)
	m.wrote(at(0.5), 6, 4096)
	takes("one that is half done", 1.5, half, 2.5)
	if got := m.speed(at(1), &none[0]); got != m.backings[6].sustained {
		t.Errorf("before it can tell: %d", got)
	}
	if got := m.speed(at(1.5), &half[0]); got != 100*4096 {
		t.Errorf("100 blocks in a second: %d", got)
	}
	m.wrote(at(0.5), 3, 0)
	takes("one whose slowest backing is a quarter done", 1.5, half, 4.5)
	takes("one that takes longer than any before", 9, none, 9)
}
