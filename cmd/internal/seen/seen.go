// Package seen keeps what this host has last seen of each cache: so that an old
// copy of one is known for what it is, and a cache that lies in a file is found.
//
// It is a file of JSON for each cache, by UUID, in a directory that outlives a
// restart. It is a help and no part of a promise: without it nothing is lost
// but a warning.
package seen

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
)

// Cache is how a cache was when this host last resumed it, let it go, or gave
// up data in it.
type Cache struct {
	UUID       uuid.UUID `json:"uuid"`
	Path       string    `json:"path"`
	Epoch      uint64    `json:"epoch"`
	Generation uint64    `json:"generation"` // of the superblock
	Disks      []Disk    `json:"disks"`      // of which it had data, or was about to
	Moved      []Moved   `json:"moved,omitempty"`
}

// Moved is a disk of which a cache had data that went to another one, which was
// known by its content alone.
type Moved struct {
	Disk
	To string `json:"to"` // path of that other one
}

// Disk is a disk as the host called it when a cache was last seen with data of it.
type Disk struct {
	Device      uint8  `json:"device"` // id
	Name        string `json:"name"`   // of the device
	Fingerprint uint64 `json:"fingerprint"`
}

// Dir is the directory of the record.
type Dir string

// Default is where the record lies. LC_STATE_DIR moves it.
func Default() Dir {
	if dir := os.Getenv("LC_STATE_DIR"); dir != "" {
		return Dir(dir)
	}
	return "/var/lib/lc"
}

// File is where the record of a cache lies.
func (d Dir) File(id uuid.UUID) string { return filepath.Join(string(d), id.String()+".json") }

// Load is what was last seen of a cache; nil if that is nothing.
func (d Dir) Load(id uuid.UUID) (*Cache, error) {
	b, err := os.ReadFile(d.File(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was seen of cache %s: %w", id, err)
	}
	var c Cache
	if err := json.Unmarshal(b, &c); err != nil || c.UUID != id {
		return nil, fmt.Errorf("%s is not what was seen of cache %s (%v); it may be deleted", d.File(id), id, err)
	}
	return &c, nil
}

// All is what was last seen of all caches. What cannot be read is left out; see
// [Dir.Bad].
func (d Dir) All() []Cache {
	all, _ := d.load()
	return all
}

// Bad is why parts of the record cannot be read.
func (d Dir) Bad() []error {
	_, bad := d.load()
	return bad
}

func (d Dir) load() (all []Cache, bad []error) {
	names, err := os.ReadDir(string(d))
	if err != nil {
		return nil, nil
	}
	for _, n := range names {
		id, err := uuid.Parse(trimJSON(n.Name()))
		if err != nil {
			continue
		}
		switch c, err := d.Load(id); {
		case err != nil:
			bad = append(bad, err)
		case c != nil:
			all = append(all, *c)
		}
	}
	return all, bad
}

func trimJSON(name string) string {
	if filepath.Ext(name) != ".json" {
		return ""
	}
	return name[:len(name)-len(".json")]
}

// Remove forgets what was seen of a cache, which is no more.
func (d Dir) Remove(id uuid.UUID) error {
	if err := os.Remove(d.File(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget what was seen of cache %s: %w", id, err)
	}
	return nil
}

// GiveUp notes how a cache is now that its data of a device was given up. The
// disks are those that were seen before, if any were: some were about to have
// data.
func (d Dir) GiveUp(now Cache, device uint8) error {
	was, err := d.Load(now.UUID)
	if err != nil {
		return err
	}
	if was != nil {
		now.Disks = was.Disks
		now.Epoch, now.Generation = max(now.Epoch, was.Epoch), max(now.Generation, was.Generation)
	}
	now.Disks = slices.DeleteFunc(slices.Clone(now.Disks), func(of Disk) bool { return of.Device == device })
	return d.Store(now)
}

// Note replaces what was seen of a cache, but for what was moved.
func (d Dir) Note(c Cache) error {
	if was, err := d.Load(c.UUID); err == nil && was != nil {
		c.Moved = was.Moved
	}
	return d.Store(c)
}

// Move notes that the data which a cache had of a disk went to another one.
func (d Dir) Move(id uuid.UUID, m Moved) error {
	c, err := d.Load(id)
	if err != nil || c == nil {
		return err
	}
	c.Moved = append(without(c.Moved, []uint64{m.Fingerprint}), m)
	return d.Store(*c)
}

// Settle takes a disk out of what was moved: it is the backing of a cache
// again, by the administrator's word.
func (d Dir) Settle(prints []uint64) error {
	var errs []error
	for _, c := range d.All() {
		if left := without(c.Moved, prints); len(left) < len(c.Moved) {
			c.Moved = left
			errs = append(errs, d.Store(c))
		}
	}
	return errors.Join(errs...)
}

func without(all []Moved, prints []uint64) []Moved {
	return slices.DeleteFunc(slices.Clone(all), func(m Moved) bool { return slices.Contains(prints, m.Fingerprint) })
}

// Store replaces what was seen of a cache, durably. It makes the directory if
// there is none, and leaves one that is there as it is.
func (d Dir) Store(c Cache) error {
	if err := d.store(c); err != nil {
		return fmt.Errorf("note what was seen of cache %s: %w", c.UUID, err)
	}
	return nil
}

func (d Dir) store(c Cache) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(string(d), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), d.File(c.UUID)); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return d.sync()
}

func (d Dir) sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
