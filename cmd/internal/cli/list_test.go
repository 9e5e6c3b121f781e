package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// Labels of earlier versions may hold anything. None of it reaches the terminal.
func TestOldLabelsAreQuoted(t *testing.T) {
	const label = "a\x1b[31m\nb\xff"
	var out bytes.Buffer
	line := control.CacheLine{ID: 3, Label: label, Device: "/dev/ssd"}
	if err := printList(&out, &control.List{Caches: []control.CacheLine{line}}); err != nil {
		t.Fatal(err)
	}
	printCache(&out, &control.CacheStatus{CacheLine: line})
	if err := printTree(&out, []control.Attribute{{Path: "caches/3/label", Mode: "r-", Value: label}}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b") || strings.Contains(got, "\xff") || strings.Count(got, `"a\x1b[31m\nb\xff"`) != 3 {
		t.Errorf("printed %q", got)
	}
}

// What needs a person stands out.
func TestNotesInList(t *testing.T) {
	var out bytes.Buffer
	l := &control.List{
		Caches:  []control.CacheLine{{ID: 3, Device: "/dev/ssd", Note: "HAS SHRUNK"}, {ID: 4}},
		Devices: []control.DeviceLine{{ID: 5, Backing: "/dev/hdd", Note: "has grown"}},
	}
	if err := printList(&out, l); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.HasSuffix(got, "!! cache 3 (/dev/ssd): HAS SHRUNK\n!! device 5 (/dev/hdd): has grown\n") {
		t.Errorf("printed %q", got)
	}
}
