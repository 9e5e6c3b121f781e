package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func step(text string, done float64, heldUp string) control.Progress {
	return control.Progress{Text: text, Done: &done, Drain: &control.Drain{HeldUp: heldUp}}
}

func TestProgressLines(t *testing.T) {
	var b strings.Builder
	now := time.Unix(1000, 0)
	p := &progress{w: &b, now: func() time.Time { return now }}
	p.show(control.Progress{Text: "waiting"})
	p.show(control.Progress{Text: "waiting"})
	for i, text := range []string{"a", "b", "c", "d", "e", "f"} {
		held := ""
		if i >= 4 {
			held = "a bad disk"
		}
		p.show(step(text, 0.5, held))
		now = now.Add(time.Second)
	}
	p.end()
	if got, want := b.String(), "waiting\na\nc\ne\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressBar(t *testing.T) {
	var b strings.Builder
	p := &progress{w: &b, columns: 40, now: time.Now}
	p.show(step("12 MiB dirty, 3 segments to migrate", 0.5, ""))
	p.end()
	if got, want := b.String(), "\r\x1b[K[##########----------]  50%  12 MiB dir\r\x1b[K"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	half := 0.5
	if got, want := p.line(control.Progress{Text: "/dev/fast: reading the log", Done: &half}), "[##########----------]  50%  /dev/fast:"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, done := range []float64{-1, 0, 1, 2} {
		if line := p.line(step("", done, "")); !strings.HasPrefix(line, "[") || strings.Index(line, "]") != 21 {
			t.Errorf("%v: %q", done, line)
		}
	}
}
