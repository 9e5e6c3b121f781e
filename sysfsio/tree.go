package sysfsio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	// ErrNoAttribute is returned for a path that names nothing in the tree.
	ErrNoAttribute = errors.New("no such attribute")
	// ErrMode is returned when a read-only attribute is set, or a write-only one is shown.
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
	set  func(context.Context, int) error
}

// Show gives the value.
func (f *File) Show() (string, error) {
	if !f.Mode.Readable() {
		return "", fmt.Errorf("%s: %w: it can only be written: %s", f.Path, ErrMode, f.Doc)
	}
	return f.show(), nil
}

// Set changes the value. A value out of range changes nothing.
func (f *File) Set(ctx context.Context, value string) error {
	if !f.Mode.Writable() {
		return fmt.Errorf("%s: %w: it is read-only", f.Path, ErrMode)
	}
	n, err := f.parse(strings.TrimSpace(value))
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	if err := f.set(ctx, n); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}

// Files lists what lies at or below a path, in the order of the tree; "" is the root.
func Files(h Host, path string) ([]File, error) {
	path = strings.Trim(path, "/")
	var found []File
	for _, f := range all(h) {
		if path == "" || f.Path == path || strings.HasPrefix(f.Path, path+"/") {
			found = append(found, f)
		}
	}
	if len(found) == 0 && path != "" && path != cachesDir && path != devicesDir {
		return nil, fmt.Errorf("%s: %w: `lc get` lists what there is", path, ErrNoAttribute)
	}
	return found, nil
}

// Find gives the file of a path.
func Find(h Host, path string) (*File, error) {
	path = strings.Trim(path, "/")
	for _, f := range all(h) {
		if f.Path == path {
			return &f, nil
		}
	}
	return nil, fmt.Errorf("%s: %w: `lc get` lists what there is", path, ErrNoAttribute)
}

func all(h Host) []File {
	var files []File
	for _, id := range h.CacheIDs() {
		if c := h.Cache(id); c != nil {
			files = place(files, cachesDir, id, cacheTable, c)
		}
	}
	for _, id := range h.DeviceIDs() {
		if d := h.Device(id); d != nil {
			files = place(files, devicesDir, id, deviceTable, d)
		}
	}
	return files
}

func place[T any](files []File, dir string, id uint8, table []entry[T], of T) []File {
	for _, e := range table {
		f := File{Attribute: e.Attribute, Path: dir + "/" + strconv.Itoa(int(id)) + "/" + e.Name}
		if e.show != nil {
			f.show = func() string { return e.show(of) }
		}
		if e.set != nil {
			f.set = func(ctx context.Context, v int) error { return e.set(ctx, of, v) }
		}
		files = append(files, f)
	}
	return files
}

func attributes[T any](table []entry[T]) []Attribute {
	list := make([]Attribute, len(table))
	for i := range table {
		list[i] = table[i].Attribute
	}
	return list
}
