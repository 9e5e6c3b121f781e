package manager

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// nameless has the host know no disk by anything.
func nameless(dev *blockdev.Device, id uint8, name string) (*whose.Disk, error) {
	d, err := whose.Describe(dev, id, name)
	if err == nil {
		d.Prints = nil
	}
	return d, err
}

// filled makes a disk that is full of a word.
func filled(t *testing.T, word string) string {
	t.Helper()
	path := disk(t, strings.ReplaceAll(word, " ", "-"), 8<<20)
	if err := os.WriteFile(path, bytes.Repeat([]byte(word+"."), 8<<20/len(word))[:8<<20], 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// attachTo attaches, although the node does not appear for want of ublk.
func (m *Manager) attachTo(t *testing.T, a control.AttachArgs, report Reporter) error {
	t.Helper()
	_, err := m.Attach(t.Context(), a, report)
	for _, l := range m.List().Devices {
		if l.ID == a.Device && l.CacheID == a.Cache {
			return nil
		}
	}
	return err
}

func (m *Manager) mustAttach(t *testing.T, a control.AttachArgs) {
	t.Helper()
	if err := m.attachTo(t, a, quiet); err != nil {
		t.Fatal(err)
	}
}

// again shuts a server down and makes another one, as a restart does, with the
// same record and host.
func (m *Manager) again(t *testing.T) *Manager {
	t.Helper()
	if _, err := m.Shutdown(t.Context(), control.ShutdownArgs{}, quiet); err != nil {
		t.Fatal(err)
	}
	next := newManager(t)
	next.record, next.describe = m.record, m.describe
	return next
}

// dirtied is a server with a cache that is about to be resumed as 3, whose log
// has data of a disk, device 5.
func dirtied(t *testing.T, describe func(*blockdev.Device, uint8, string) (*whose.Disk, error), backing string) (m *Manager, cache string) {
	t.Helper()
	m = newManager(t)
	m.describe = describe
	cache = formatted(t)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	m.write(t, 5)
	return m.again(t), cache
}

// mounted writes to a disk as a mount does.
func mounted(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("mounted"), 1024); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func (m *Manager) mustRemove(t *testing.T, id int) {
	t.Helper()
	if _, err := m.Remove(t.Context(), control.IDArgs{ID: id}, quiet); err != nil {
		t.Fatal(err)
	}
}

// A disk that was written to behind a dirty log is not attached without a word,
// and each way out that is named works.
func TestP8ChangedDisk(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	mounted(t, backing)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	for _, words := range []string{
		"1 of 256 sectors at its start hold what was not written through the cache", "older blocks over newer ones",
		"`lc attach 5 3 --accept-changed`", "`lc forget " + cache + " 5`, and the disk wins", "`lc replay " + cache + " --device 5 --force-binding --to FILE`",
	} {
		refused(t, m, control.Mismatch, words, func() error {
			_, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 3}, quiet)
			return err
		})
	}
	var said strings.Builder
	err := m.attachTo(t, control.AttachArgs{Device: 5, Cache: 3, AcceptChanged: true}, func(p control.Progress) { said.WriteString(p.Text) })
	if s := said.String(); err != nil || !strings.Contains(s, "1 of 256 sectors at its start") || !strings.Contains(s, "the log's blocks go over what is there") {
		t.Errorf("attach --accept-changed: %v; it said %q", err, s)
	}
	m = m.again(t)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3}) // what was accepted is what counts
}

// The disk wins: what the log has of it is given up, and it is shown as it is.
// So with a disk that is gone.
func TestP8Forget(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	mounted(t, backing)
	m.mustResume(t, 3, cache)
	forget := func(a control.ForgetArgs) error {
		_, err := m.Forget(t.Context(), a, quiet)
		return err
	}
	refused(t, m, control.NotFound, "not bound", func() error { return forget(control.ForgetArgs{Cache: 3, Device: 6}) })
	refused(t, m, control.HasContent, "holds 1 dirty blocks (4.0 KiB) of device 5 (myLV) that was not migrated", func() error {
		return forget(control.ForgetArgs{Cache: 3, Device: 5})
	})
	m.mustCreate(t, "myLV", 5, backing)
	if err := forget(control.ForgetArgs{Cache: 3, Device: 5, Yes: true}); err != nil {
		t.Fatal(err)
	}
	if l := m.List(); l.Caches[0].DirtyBlocks != 0 || l.Devices[0].State != control.DevicePassThrough {
		t.Errorf("left: %+v", l)
	}
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	m.write(t, 5)
	refused(t, m, control.Busy, "is attached to cache 3", func() error { return forget(control.ForgetArgs{Cache: 3, Device: 5, Yes: true}) })
	m = m.again(t)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
}

// A disk is known by its content under whatever the host says of it, and
// whatever size it has grown to.
func TestP8RenamedDisk(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	renamed := copied(t, backing, "renamed") // another inode: another identity
	resize(t, renamed, 16<<20)
	if err := os.Remove(backing); err != nil {
		t.Fatal(err)
	}
	m.mustResume(t, 3, cache)
	refused(t, m, control.Mismatch, "`lc create other 5 "+renamed+"` instead", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "other", ID: 6, Path: renamed}, quiet)
		return err
	})
	m.mustCreate(t, "myLV", 5, renamed)
	if l := m.List().Devices[0]; l.WaitsFor != 3 || l.Identity != "unique" {
		t.Errorf("created as %+v", l)
	}
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := m.Drain(ctx, control.DrainArgs{ID: 3}, quiet); err != nil {
		t.Fatal(err)
	}
	m = m.again(t)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "other", 6, renamed)
}

// Two disks of one size that the host does not tell apart come back in each
// other's place.
func TestP8SwappedDisks(t *testing.T) {
	a, b := filled(t, "disk A"), filled(t, "disk B")
	m, cache := dirtied(t, nameless, a)
	m.mustResume(t, 3, cache)
	refused(t, m, control.Mismatch, "the host gives no identity to tell, and 256 of 256 sectors at its start", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: b}, quiet)
		return err
	})
	m.mustCreate(t, "another", 6, b)
	refused(t, m, control.Mismatch, "`lc create yetAnother 5 "+a+"` instead", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "yetAnother", ID: 7, Path: a}, quiet)
		return err
	})
	m.mustCreate(t, "myLV", 5, a)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	for _, l := range m.List().Devices {
		if l.Identity != "none" {
			t.Errorf("listed as %+v", l)
		}
	}
}

// Blank disks that the host does not tell apart: nothing does but a word.
func TestP8UnidentifiedDisks(t *testing.T) {
	a, b := disk(t, "a", 8<<20), disk(t, "b", 8<<20)
	m, cache := dirtied(t, nameless, a)
	m.mustResume(t, 3, cache)
	create := func(a control.CreateArgs) error {
		_, err := m.Create(t.Context(), a, quiet)
		return err
	}
	refused(t, m, control.Mismatch, "--other-disk", func() error { return create(control.CreateArgs{Name: "b", ID: 6, Path: b}) })
	if err := create(control.CreateArgs{Name: "b", ID: 6, Path: b, OtherDisk: true}); err != nil {
		t.Fatal(err)
	}
	m.mustRemove(t, 6)
	var said strings.Builder
	done, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: a}, func(p control.Progress) { said.WriteString(p.Text) })
	if err != nil || !strings.Contains(done.Text, "--unidentified") || !strings.Contains(said.String(), "the host knows it by nothing") {
		t.Fatalf("created: %v, %v; it said %q", done, err, said.String())
	}
	refused(t, m, control.Mismatch, "create and attach that one first", func() error { // it may as well be this one's
		return create(control.CreateArgs{Name: "b", ID: 6, Path: b})
	})
	refused(t, m, control.Mismatch, "`lc attach 5 3 --unidentified`", func() error {
		return m.attachTo(t, control.AttachArgs{Device: 5, Cache: 3}, quiet)
	})
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3, Unidentified: true})
	m.mustCreate(t, "b", 6, b) // the data has its disk now
}

// A blank disk without an identity that has another size now is no other disk
// for that.
func TestP8ResizedUnidentifiedDisk(t *testing.T) {
	a := disk(t, "a", 8<<20)
	m, cache := dirtied(t, nameless, a)
	m.mustResume(t, 3, cache)
	for _, size := range []int64{16 << 20, 4 << 20} {
		if err := os.Truncate(a, size); err != nil {
			t.Fatal(err)
		}
		refused(t, m, control.Mismatch, "--other-disk", func() error {
			_, err := m.Create(t.Context(), control.CreateArgs{Name: "b", ID: 6, Path: a}, quiet)
			return err
		})
	}
}

// The way out is one that works: an id that another device has is not free.
func TestP8AdviceOfATakenID(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	m.mustCreate(t, "five", 5, disk(t, "five", 16<<20))
	m.mustResume(t, 3, holding(t, backing, 5))
	create := func(id int) error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: id, Path: backing}, quiet)
		return err
	}
	refused(t, m, control.Mismatch, "`lc remove 5` (five, ", func() error { return create(6) })
	m.mustRemove(t, 5)
	if err := create(5); err != nil {
		t.Error(err)
	}
}

// Of two disks of which the host says the same, neither is known by it.
func TestP8DoubledIdentity(t *testing.T) {
	a, b := filled(t, "disk A"), filled(t, "disk B")
	twins := map[string]string{}
	m, cache := dirtied(t, func(dev *blockdev.Device, id uint8, name string) (*whose.Disk, error) {
		d, err := whose.Describe(dev, id, name)
		if err == nil {
			d.Prints = []uint64{77}
			if d.Twin = twins[dev.Path()]; d.Twin != "" {
				d.Prints = nil
			}
		}
		return d, err
	}, a)
	twins[a], twins[b] = b, a
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "another", 6, b)
	m.mustCreate(t, "myLV", 5, a)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	m.mustAttach(t, control.AttachArgs{Device: 6, Cache: 3})
	if l := m.List().Devices[0]; l.Identity != "doubled" {
		t.Errorf("listed as %+v", l)
	}
}

// A log that is not resumed knows a disk by its content as well.
func TestP8StrangerKnowsByContent(t *testing.T) {
	a, b := filled(t, "disk A"), filled(t, "disk B")
	m, cache := dirtied(t, nameless, a)
	refused(t, m, control.Mismatch, "and then `lc create other 5 "+a+"`", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "other", ID: 9, Path: a}, quiet)
		return err
	})
	m.mustCreate(t, "other", 9, b)
	m.record = seen.Dir(filepath.Join(t.TempDir(), "empty"))
	m.mustCreate(t, "exposed", 8, a)
	refused(t, m, control.Mismatch, "`lc remove 8` first", func() error {
		_, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: cache}, quiet)
		return err
	})
}
