package manager

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// spoilBlock flips a bit in what a cache device has of a block full of b, and
// tells whether it has it.
func spoilBlock(t *testing.T, path string, b byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(all, bytes.Repeat([]byte{b}, 4096))
	if at < 0 {
		t.Fatal("the block is not in the log")
	}
	if _, err := f.WriteAt([]byte{b ^ 1}, int64(at)+77); err != nil {
		t.Fatal(err)
	}
}

// writeBlock fills a block with b.
func (w *writer) writeBlock(block uint64, b byte) {
	w.t.Helper()
	copy(w.buf, bytes.Repeat([]byte{b}, len(w.buf)))
	w.at(8 * block)
}

// P6, P9: drain and detach end at damage, say what it is and what to do; they
// go past it when they are told what may be lost, and everything else arrives.
func TestP6DrainPastDamage(t *testing.T) {
	m := newManager(t)
	cache, backing := attached(t, m)
	w := newWriter(t, m, 5)
	for block := range uint64(4) {
		w.writeBlock(block, byte(0x41+block))
	}
	core := m.caches[3].host.Core()
	closed := make(chan uint64)
	core.Background().Do(func(*logcache.Port) { closed <- core.CloseCurrent() })
	last := <-closed
	within(t, m, 20*time.Second, "the log is durable", func() bool { return core.Status().LastFlushedID >= last })
	if d, err := m.Damage(t.Context(), control.DamageArgs{Device: 5}, quiet); err != nil || len(d.Records) != 0 {
		t.Fatalf("a sound log: %+v, %v", d, err)
	}
	spoilBlock(t, cache, 0x42)
	for name, drain := range map[string]func() error{
		"lc drain 3 --skip-damage":  func() error { _, err := m.Drain(t.Context(), control.DrainArgs{ID: 3}, quiet); return err },
		"lc detach 5 --skip-damage": func() error { _, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet); return err },
	} {
		err := drain()
		if err == nil || classify.Classify(err).Code != control.Damaged {
			t.Fatalf("%s: %v", name, err)
		}
		for _, word := range []string{name, "lc check " + cache, "lc replay " + cache, "lc format-cache " + cache, "record 1 ", "device 5, sectors 8-15"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s says nothing of %q: %v", name, word, err)
			}
		}
	}
	if held := why(t, m).HeldUp; !strings.Contains(held, "lc drain 3 --skip-damage") {
		t.Errorf("why: %q", held)
	}
	d, err := m.Damage(t.Context(), control.DamageArgs{Cache: 3}, quiet)
	want := control.Sectors{Device: 5, Name: "myLV", LBA: 8, Sectors: 8}
	if err != nil || len(d.Records) != 1 || len(d.Records[0].Missing) != 1 || d.Records[0].Missing[0] != want {
		t.Fatalf("damage: %+v, %v", d, err)
	}
	done, err := m.Detach(t.Context(), control.DrainArgs{ID: 5, Skip: []control.BadRecord{d.Records[0].BadRecord}}, quiet)
	if err != nil || !strings.Contains(done.Text, "but for what was damaged") {
		t.Fatalf("%+v, %v", done, err)
	}
	got, err := os.ReadFile(backing)
	if err != nil {
		t.Fatal(err)
	}
	for block, b := range []byte{0x41, 0, 0x43, 0x44} {
		if !bytes.Equal(got[block*4096:(block+1)*4096], bytes.Repeat([]byte{b}, 4096)) {
			t.Errorf("block %d holds %x…, want %x", block, got[block*4096:][:4], b)
		}
	}
}

// damaged makes a cache that holds data for a backing, as device 5, in a record
// whose header is bad, and that states that record to be durable.
func damaged(t *testing.T, backing string) string {
	t.Helper()
	path := holding(t, backing, 5)
	dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		t.Fatal(err)
	}
	super.DurableSeq = 1
	buf, err := mem.Alloc(segment.MaxSuperSize)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(buf)
	for range 2 {
		super.Generation++
		if _, err := dev.WriteAt(segment.AppendSuper(buf[:0], super), segment.SuperOffset(super.Generation)); err != nil {
			t.Fatal(err)
		}
	}
	clear(buf[:4096])
	if _, err := dev.WriteAt(buf[:4096], super.Geometry.SlotOffset(0)); err != nil {
		t.Fatal(err)
	}
	return path
}

// P6: a cache that cannot be resumed for damage names the ways out, and so does
// whoever would send the user to resume it.
func TestP6DamagedCacheNamesTheWayOut(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	path := damaged(t, backing)
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		t.Fatal(err)
	}
	claims := claimsOn(dev, super)
	if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
	if len(claims) != 1 || !claims[0].damaged {
		t.Fatalf("claims %+v", claims)
	}
	back, err := blockdev.Open(backing, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := whose.Describe(back, 5, "myLV")
	if err != nil {
		t.Fatal(err)
	}
	if err := back.Close(); err != nil {
		t.Fatal(err)
	}
	_, resume := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: path}, quiet)
	for what, got := range map[string]struct {
		err  error
		code control.Code
	}{"resume": {resume, control.Damaged}, "create": {checkOwn(seen, &claims[0]), control.Mismatch}} {
		if got.err == nil || classify.Classify(got.err).Code != got.code {
			t.Fatalf("%s: %v", what, got.err)
		}
		for _, way := range []string{"lc check " + path, "lc replay " + path + " --skip-damage", "lc format-cache " + path + " --force"} {
			if !strings.Contains(got.err.Error(), way) {
				t.Errorf("%s does not name `%s`: %v", what, way, got.err)
			}
		}
		if strings.Contains(got.err.Error(), "lc resume") {
			t.Errorf("%s sends the user to a resume that fails: %v", what, got.err)
		}
	}
}

// P6: what a resume could not read and did without is told, with its address.
func TestP6UnreadIsTold(t *testing.T) {
	var told []string
	rec := &segment.Recovery{LastSeq: 7, Doubt: &segment.Unread{Offset: 4096, Length: 512, Err: unix.EIO}}
	for i := range 10 {
		rec.Unread = append(rec.Unread, segment.Unread{Offset: int64(i) * 4096, Length: 512, Err: unix.EIO})
	}
	tellUnread(rec, func(text string) { told = append(told, text) })
	if len(told) != 10 || !strings.Contains(told[1], "bytes 4096-4607 cannot be read") || !strings.Contains(told[8], "2 more places") || !strings.Contains(told[9], "record 7, at bytes that cannot be read (from 4096 on)") {
		t.Errorf("told: %q", told)
	}
}

// The way out of a damaged log ends with a format: before that, it brings the
// data of each device to its disk, not that of one.
func TestP6WayOutForAllDevices(t *testing.T) {
	a, b := filled(t, "its content"), filled(t, "another")
	m := newManager(t)
	cache := formatted(t)
	m.mustResume(t, 3, cache)
	for i, path := range []string{a, b} {
		m.mustCreate(t, "d"+itoa(uint8(5+i)), 5+i, path)
		m.mustAttach(t, control.AttachArgs{Device: 5 + i, Cache: 3})
		m.write(t, uint8(5+i))
	}
	if _, err := m.Shutdown(t.Context(), control.ShutdownArgs{}, quiet); err != nil {
		t.Fatal(err)
	}
	way := wayOut(cache)
	for _, id := range []string{"5", "6"} {
		if !strings.Contains(way, "`lc replay "+cache+" --device "+id+" --skip-damage --to BACKING`") {
			t.Errorf("device %s goes with the format: %s", id, way)
		}
	}
}
