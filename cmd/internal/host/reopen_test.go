package host

import (
	"bytes"
	"context"
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
// name, with all that the log has of it. One that is smaller is refused.
func TestP8Reopen(t *testing.T) {
	same := func(b []byte) []byte { return b }
	for _, tc := range []struct {
		name     string
		change   func(b []byte) []byte
		attached bool
		want     error
	}{
		{name: "attached", change: same, attached: true},
		{name: "without a cache", change: same},
		{name: "grown", change: func(b []byte) []byte { return append(b, make([]byte, 1<<20)...) }, attached: true},
		{name: "smaller", change: func(b []byte) []byte { return b[:len(b)/2] }, attached: true, want: ErrSmaller},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLives(t)
			l.begin()
			if tc.attached {
				must(t, l.attach(AttachOptions{}))
				l.write(64, 8, "newer")
			}
			was, next := l.d.Backing(), l.open(l.returned(tc.change))
			err := l.d.Reopen(bounded(t), next)
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

// TestP8ReopenInterrupted: after it nothing uses the disk that was refused, whose
// descriptor's number another one may have.
func TestP8ReopenInterrupted(t *testing.T) {
	l := newLives(t)
	l.begin()
	must(t, l.attach(AttachOptions{}))
	next := l.open(l.returned(func(b []byte) []byte { return b }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = l.d.Reopen(ctx, next)
	if l.d.Backing() != next { // else it was quicker
		must(t, next.Close())
	}
	fd, err := runOnThread(bounded(t), l.c, func() int32 { return l.c.worker.fds[l.d.ID()].Load() })
	must(t, err)
	if int(fd) != l.d.Backing().FD() {
		t.Errorf("the cache's thread writes to descriptor %d, and the disk is %d", fd, l.d.Backing().FD())
	}
	l.end()
}
