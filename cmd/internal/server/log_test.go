package server

import (
	"bytes"
	"regexp"
	"testing"
)

func TestLogLines(t *testing.T) {
	var out bytes.Buffer
	log := newLog(&out)
	log.Info("server ends")
	log.With("cache", 3).Warn("/dev/x: it is \"slow\"", "device", uint8(5))
	const at = `\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `
	want := regexp.MustCompile(`^` + at + "server ends\n" + at + `WARN /dev/x: it is "slow"  cache=3 device=5` + "\n$")
	if !want.Match(out.Bytes()) {
		t.Errorf("got %q", out.String())
	}
}
