package arch

import (
	"context"
	"reflect"
	"testing"

	"github.com/ublk-lc/ublk-lc/sysfsio"
)

// measured are fields of the settings that the daemon fills in, and nobody sets.
var measured = map[string]bool{
	module + "migrate/pace.Settings.Measured": true,
	module + "migrate/pace.Settings.Loads":    true,
}

// TestSettingsAreRead: what an attribute sets is read by the program somewhere, and
// what can be chosen has an attribute.
func TestSettingsAreRead(t *testing.T) {
	read := fieldsRead(t, "cmd/...", "logcache/...", "migrate/...")
	h := &chosen{cache: sysfsio.DefaultSettings()}
	files, err := sysfsio.Files(h, "")
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	for i := range files {
		f := &files[i]
		if f.Mode != sysfsio.ReadWrite {
			continue
		}
		field := h.fieldOf(t, f)
		if set[field] = true; !read[field] {
			t.Errorf("%s sets %s, which nothing reads", f.Name, field)
		}
	}
	for field := range leaves(h) {
		if !set[field] && !measured[field] {
			t.Errorf("%s is set by no attribute", field)
		}
	}
}

// chosen is a cache and a device of which there are only the settings.
type chosen struct {
	cache  sysfsio.Settings
	device sysfsio.DeviceSettings
}

func (h *chosen) CacheIDs() []uint8           { return []uint8{1} }
func (h *chosen) DeviceIDs() []uint8          { return []uint8{1} }
func (h *chosen) Cache(uint8) sysfsio.Cache   { return chosenCache{h} }
func (h *chosen) Device(uint8) sysfsio.Device { return chosenDevice{h} }

type chosenCache struct{ *chosen }

func (c chosenCache) Snapshot() sysfsio.CacheSnapshot {
	return sysfsio.CacheSnapshot{Settings: c.cache}
}
func (c chosenCache) Change(change func(*sysfsio.Settings)) { change(&c.cache) }
func (c chosenCache) CanDiscard() bool                      { return true }
func (c chosenCache) FlushCurrent(context.Context) error    { return nil }
func (c chosenCache) CommitSuper(context.Context) error     { return nil }

type chosenDevice struct{ *chosen }

func (d chosenDevice) Snapshot() sysfsio.DeviceSnapshot {
	return sysfsio.DeviceSnapshot{Settings: d.device}
}
func (d chosenDevice) Change(change func(*sysfsio.DeviceSettings)) { change(&d.device) }

// fieldOf is the field that changes when an attribute is set.
func (h *chosen) fieldOf(t *testing.T, f *sysfsio.File) string {
	before := leaves(h)
	for _, value := range []string{"0", "1", "20", "8192"} {
		if err := f.Set(t.Context(), value); err != nil {
			continue
		}
		for field, now := range leaves(h) {
			if !reflect.DeepEqual(now, before[field]) {
				return field
			}
		}
	}
	t.Errorf("%s: nothing changes when it is set", f.Path)
	return ""
}

// leaves are the fields of all settings that have no fields of their own, by
// package.Type.Field.
func leaves(h *chosen) map[string]any {
	found := map[string]any{}
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			if v.Field(i).Kind() == reflect.Struct {
				walk(v.Field(i))
				continue
			}
			found[v.Type().PkgPath()+"."+v.Type().Name()+"."+v.Type().Field(i).Name] = v.Field(i).Interface()
		}
	}
	walk(reflect.ValueOf(h.cache))
	walk(reflect.ValueOf(h.device))
	return found
}
