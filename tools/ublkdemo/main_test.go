package main

import "testing"

func TestParseSize(t *testing.T) {
	for in, want := range map[string]uint64{"512": 512, "64K": 64 << 10, "256M": 256 << 20, "3G": 3 << 30, "1T": 1 << 40} {
		if got, err := parseSize(in); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "M", "-1", "1X", "99999999999T"} {
		if n, err := parseSize(in); err == nil {
			t.Errorf("%q was taken for %d", in, n)
		}
	}
}
