package mem

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestAlloc(t *testing.T) {
	for _, size := range []int{1, 4096, 4097, 4 << 20} {
		b, err := Alloc(size)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) < size || len(b)%unix.Getpagesize() != 0 {
			t.Errorf("asked for %d, got %d", size, len(b))
		}
		b[len(b)-1] = 1
		if err := Free(b); err != nil {
			t.Error(err)
		}
	}
	if err := Free(nil); err != nil {
		t.Error(err)
	}
}

// TestRegionIsHeld: it is there until its owner and all who hold it have let it go,
// in whichever order.
func TestRegionIsHeld(t *testing.T) {
	m, err := NewRegion(3 << 20)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	if len(m.Bytes()) < 3<<20 || !m.Hold() || !m.Hold() {
		t.Fatalf("a region of %d bytes that cannot be held", len(m.Bytes()))
	}
	must(m.Drop())
	must(m.Free())
	must(m.Free()) // which does nothing
	m.Bytes()[0] = 1
	if !m.Hold() {
		t.Error("one who holds it keeps it for others as well")
	}
	must(m.Drop())
	must(m.Drop())
	if m.Hold() {
		t.Error("nobody held it any more")
	}
}
