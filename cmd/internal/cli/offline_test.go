package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// A cache with devices attached cannot be freed, nor one that a device waits
// for: those go first, each by name.
func TestDetachesBeforeFree(t *testing.T) {
	devices := []control.DeviceLine{{ID: 5, CacheID: 3}, {ID: 6, CacheID: 4}, {ID: 7, CacheID: 3}, {ID: 8, WaitsFor: 3}}
	if got, want := beforeFree(devices, 3), "`lc detach 5`, `lc detach 7`, `lc remove 8`, "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := beforeFree(devices, 9); got != "" {
		t.Errorf("nothing has to go, and it says %q", got)
	}
}

// golden unpacks an image of a cache.
func golden(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.ReadFile("../../../segment/testdata/" + name + ".img.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What is interrupted says so, and whether anything was written.
func TestInterruptedOffline(t *testing.T) {
	path := golden(t, "v2-reused")
	for _, line := range []string{"check " + path, "replay --dry-run " + path, "forget " + path + " 5 --yes"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		root := NewRoot()
		root.SetArgs(strings.Fields(line))
		root.SetOut(io.Discard)
		root.SetErr(io.Discard)
		err := root.ExecuteContext(ctx)
		if err == nil || classify.Classify(err).Code != control.Interrupted || !strings.Contains(err.Error(), "interrupted") {
			t.Errorf("lc %s: %v", line, err)
		}
	}
}

// So does a comparison.
func TestInterruptedComparison(t *testing.T) {
	c, err := openOffline(golden(t, "v2-reused"), lookStill)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	p := newProgress(io.Discard)
	log, err := c.survey(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = compare(ctx, log, withData(log)[0].ID, kit.Disk(t, "disk", 1<<30), p)
	if err == nil || classify.Classify(err).Code != control.Interrupted || !strings.Contains(err.Error(), "nothing was given up") {
		t.Error(err)
	}
}
