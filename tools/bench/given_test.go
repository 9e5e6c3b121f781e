package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSectorsWritten(t *testing.T) {
	got, err := sectorsWritten("  100 0 800 12 \t 40 2 336 7 0 15 19 0 0 0 0 3 1\n")
	if err != nil || got != 336*512 {
		t.Errorf("%d, %v", got, err)
	}
	for _, bad := range []string{"", "1 2 3", "a b c d e f g"} {
		if _, err := sectorsWritten(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestOnlyBlockDevices(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, file + "-missing", "/dev/null"} {
		if _, err := inspect([]string{path}, 512); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
}

// Without -destroy the user reads what would be lost.
func TestPermit(t *testing.T) {
	list := []given{{path: "/dev/a", size: 1 << 40, identity: "wwid=7"}, {path: "/dev/b", size: 1 << 41, content: "ext4"}}
	err := permit(list, options{})
	if err == nil {
		t.Fatal("devices were taken without -destroy")
	}
	for _, want := range []string{"-destroy", "/dev/a (1.0 TiB, wwid=7, no known signature on it)", "/dev/b (2.0 TiB, of unknown identity, holds: ext4)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if err := permit(list, options{destroy: true}); err != nil {
		t.Error(err)
	}
}

func TestSameDeviceTwice(t *testing.T) {
	a := given{number: "8:0"}
	if !a.overlaps(given{number: "8:0"}) || a.overlaps(given{number: "8:16"}) {
		t.Error("a device overlaps itself, and no other")
	}
}
