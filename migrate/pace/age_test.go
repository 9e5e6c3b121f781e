package pace

import (
	"testing"
	"time"
)

func TestAges(t *testing.T) {
	at := func(s int) time.Duration { return time.Duration(s) * time.Second }
	var a ages
	if got := a.oldest(at(0), 9, 4); got != Unknown {
		t.Errorf("found in the log: %v", got)
	}
	a.note(at(0), 4, 4) // clean
	a.note(at(10), 4, 4)
	a.note(at(12), 5, 4) // segment 5 came between 10 and 12
	a.note(at(20), 5, 4)
	a.note(at(25), 8, 4) // 6, 7 and 8 between 20 and 25
	for _, c := range []struct {
		migrated uint64
		want     time.Duration
	}{{4, 20 * time.Second}, {5, 10 * time.Second}, {6, 10 * time.Second}, {7, 10 * time.Second}, {8, 0}} {
		if got := a.oldest(at(30), 8, c.migrated); got != c.want {
			t.Errorf("migrated up to %d: %v, want %v", c.migrated, got, c.want)
		}
	}
	a.note(at(30), 8, 7)
	if got := a.oldest(at(31), 8, 7); got != 11*time.Second {
		t.Errorf("after what is migrated was dropped: %v", got)
	}
}

// However long it goes on, memory is bounded and no age is understated.
func TestAgesForEver(t *testing.T) {
	var a ages
	a.note(0, 0, 0)
	for i := range 10 * maxMarks {
		now := time.Duration(i+1) * time.Second
		a.note(now, uint64(i+1), 0)
		if len(a.marks) > maxMarks {
			t.Fatalf("%d marks", len(a.marks))
		}
	}
	const end = 10 * maxMarks * time.Second
	for m := range uint64(10 * maxMarks) {
		if got, real := a.oldest(end, 10*maxMarks, m), end-time.Duration(m)*time.Second; got < real {
			t.Fatalf("segment %d is %v old, said to be %v", m+1, real, got)
		}
	}
}
