package sysfsio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

var (
	// ErrNoAttribute is returned for a path that names nothing in the tree.
	ErrNoAttribute = errors.New("no such attribute")
	// ErrMode is returned when a read-only attribute is set, or a write-only
	// one is shown.
	ErrMode = errors.New("not permitted")
	// ErrValue is returned for a value that an attribute cannot take.
	ErrValue = errors.New("bad value")
)

// The two directories of the tree.
const (
	cachesDir  = "caches"
	devicesDir = "devices"
)

// File is an attribute in its place.
type File struct {
	Attribute
	Path string // caches/3/allow_migrate

	show func() string
	set  func(context.Context, string) error
}

// Show gives the value. What the files of one listing show of a cache or a device
// is of one snapshot, taken when the first of them is shown.
func (f *File) Show() (string, error) {
	if !f.Mode.Readable() {
		return "", fmt.Errorf("%s: %w: it can only be written: %s", f.Path, ErrMode, f.Doc)
	}
	return f.show(), nil
}

// Set changes the value. One that the attribute does not take changes nothing.
func (f *File) Set(ctx context.Context, value string) error {
	if !f.Mode.Writable() {
		return fmt.Errorf("%s: %w: it is read-only", f.Path, ErrMode)
	}
	if err := f.set(ctx, strings.TrimSpace(value)); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}

// Files lists what lies at or below a path, in the order of the tree; "" is the
// root.
func Files(h Host, path string) ([]File, error) {
	path = strings.Trim(path, "/")
	var files []File
	for _, id := range h.CacheIDs() {
		if c := h.Cache(id); c != nil {
			files = place(files, path, cachesDir, id, cacheTable, c)
		}
	}
	for _, id := range h.DeviceIDs() {
		if d := h.Device(id); d != nil {
			files = place(files, path, devicesDir, id, deviceTable, d)
		}
	}
	if len(files) == 0 && path != "" && path != cachesDir && path != devicesDir {
		return nil, fmt.Errorf("%s: %w: `lc get` lists what there is", path, ErrNoAttribute)
	}
	return files, nil
}

// Find gives the file of a path.
func Find(h Host, path string) (*File, error) {
	path = strings.Trim(path, "/")
	files, err := Files(h, path)
	if err != nil {
		return nil, err
	}
	if len(files) != 1 || files[0].Path != path {
		return nil, fmt.Errorf("%s: %w: it has others below it; `lc get` lists what there is", path, ErrNoAttribute)
	}
	return &files[0], nil
}

// place adds those files of a cache or a device that lie at or below a path.
func place[P, S any, T interface{ Snapshot() P }](files []File, path, dir string, id uint8, table []row[P, S, T], of T) []File {
	snapshot := sync.OnceValue(of.Snapshot)
	for i := range table {
		r := &table[i]
		f := File{Attribute: r.Attribute, Path: dir + "/" + strconv.Itoa(int(id)) + "/" + r.Name}
		if path != "" && f.Path != path && !strings.HasPrefix(f.Path, path+"/") {
			continue
		}
		if r.value != nil {
			f.show = func() string {
				s := snapshot()
				return show(r.value(&s))
			}
		}
		if r.set != nil {
			f.set = func(ctx context.Context, text string) error { return r.set(ctx, of, text) }
		}
		files = append(files, f)
	}
	return files
}

func attributes[P, S, T any](table []row[P, S, T]) []Attribute {
	list := make([]Attribute, len(table))
	for i := range table {
		list[i] = table[i].Attribute
	}
	return list
}
