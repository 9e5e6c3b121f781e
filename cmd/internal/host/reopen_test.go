package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// returned is the disk, come back under another name, after a change.
func (l *lives) returned(change func(b []byte) []byte) string {
	b, err := os.ReadFile(l.disk)
	must(l.t, err)
	path := filepath.Join(l.t.TempDir(), "returned")
	must(l.t, os.WriteFile(path, change(b), 0o600))
	return path
}

// TestP8Reopen: a device goes on over its disk that has come back under another
// name, with all that the log has of it, and over no other one.
func TestP8Reopen(t *testing.T) {
	same := func(b []byte) []byte { return b }
	for _, tc := range []struct {
		name     string
		change   func(b []byte) []byte
		opt      AttachOptions
		attached bool
		want     error
	}{
		{name: "attached", change: same, attached: true},
		{name: "without a cache", change: same},
		{name: "grown", change: func(b []byte) []byte { return append(b, make([]byte, 1<<20)...) }, attached: true},
		{name: "smaller", change: func(b []byte) []byte { return b[:len(b)/2] }, attached: true, want: ErrSmaller},
		{name: "smaller, whatever is accepted", change: func(b []byte) []byte { return b[:len(b)/2] }, opt: AttachOptions{AcceptChanged: true}, want: ErrSmaller},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLives(t)
			l.begin()
			if tc.attached {
				must(t, l.attach(AttachOptions{}))
				l.write(64, 8, "newer")
			}
			was, next := l.d.Backing(), l.open(l.returned(tc.change))
			err := l.d.Reopen(bounded(t), next, tc.opt)
			if !errors.Is(err, tc.want) {
				t.Fatalf("reopened: %v, want %v", err, tc.want)
			}
			if tc.want != nil {
				if l.d.Backing() != was {
					t.Error("the device is over the disk that was refused")
				}
				must(t, next.Close())
				l.end()
				return
			}
			if l.d.Backing() != next {
				t.Fatal("the device is over the old descriptor")
			}
			if tc.attached {
				must(t, l.c.Drain(bounded(t), nil))
				b, err := os.ReadFile(next.Path())
				must(t, err)
				if !bytes.HasPrefix(b, []byte("new")) || !bytes.HasPrefix(b[64*512:], []byte("newer")) {
					t.Error("what the log had did not come to the disk that came back")
				}
			}
			l.end()
		})
	}
}
