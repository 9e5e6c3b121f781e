package manager

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
)

// spoil changes both copies of a superblock.
func spoil(t *testing.T, cache string, change func(b []byte)) {
	t.Helper()
	f, err := os.OpenFile(cache, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range int64(2) {
		b := make([]byte, segment.MaxSuperSize)
		if _, err := f.ReadAt(b, i*segment.SuperSpace); err != nil {
			t.Fatal(err)
		}
		change(b)
		if _, err := f.WriteAt(b, i*segment.SuperSpace); err != nil {
			t.Fatal(err)
		}
	}
}

// Nor does a replay write what such a cache may have newer.
func TestReplayBesideUnreadCache(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	unreadable := formatted(t)
	m.mustResume(t, 4, unreadable)
	m = m.again(t)
	spoil(t, unreadable, func(b []byte) { b[100] ^= 1 })
	t.Setenv("LC_STATE_DIR", string(m.record))
	was := sum(t, backing)
	if said, err := lc(t, "replay", cache, "--to", backing); err == nil || !strings.Contains(said, "--skip-disk "+unreadable) || sum(t, backing) != was {
		t.Errorf("%v: %q", err, said)
	}
	if said, err := lc(t, "replay", cache, "--to", backing, "--skip-disk", unreadable); err != nil {
		t.Errorf("%v: %q", err, said)
	}
}

// A cache that cannot be read may hold data of any disk: create says so, and
// goes on when told to.
func TestUnreadCache(t *testing.T) {
	for _, c := range []struct {
		name   string
		words  string
		change func(b []byte)
	}{
		{"damaged", "tells more", func(b []byte) { b[100] ^= 1 }},
		{"of a newer version", "a newer version of this program made it", func(b []byte) {
			binary.LittleEndian.PutUint32(b[8:], 99)
			clear(b[12:16])
			length := binary.LittleEndian.Uint32(b[16:])
			binary.LittleEndian.PutUint32(b[12:], segment.Checksum(b[:length]))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			backing := filled(t, "its content")
			m, cache := dirtied(t, whose.Describe, backing)
			spoil(t, cache, c.change)
			for _, words := range []string{cache + " is a cache whose superblock cannot be read: ", c.words, "`lc create myLV 5 " + backing + " --skip-disk " + cache + "`"} {
				refused(t, m, control.Mismatch, words, m.creating(t, "myLV", 5, backing))
			}
			t.Setenv("LC_STATE_DIR", string(m.record))
			was := sum(t, backing)
			if said, err := lc(t, "format-cache", "--force", backing); err == nil || !strings.Contains(said, "--skip-disk "+cache) || sum(t, backing) != was {
				t.Errorf("format-cache: %v: %q", err, said)
			}
			if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing, SkipDisks: []string{cache}}, quiet); err != nil {
				t.Error(err)
			}
		})
	}
	// What carries no magic any more is no cache.
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	spoil(t, cache, func(b []byte) { clear(b) })
	m.mustCreate(t, "myLV", 5, backing)
}
