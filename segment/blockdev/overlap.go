package blockdev

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Overlap is what shares sectors with a disk and is not that disk: a partition
// and its disk, a volume and what it lies on, a loop device and its file. What
// is written to the one changes the other.
type Overlap struct {
	Path         string
	Fingerprints []uint64 // as of [Device.Fingerprints], nil if it has no identity
	Part         bool     // it is a part of the disk, or built on it; else the disk is that of it
}

// Overlaps are what the host knows to share sectors with d.
func (d *Device) Overlaps() ([]Overlap, error) {
	self := layer{path: d.path, file: d.inode, identities: d.identities}
	if !d.file {
		dir, err := thisHost.blockDir(d.major, d.minor)
		if err != nil {
			return nil, fmt.Errorf("look what %s is a part of: %w", d.path, err)
		}
		self = thisHost.layerOf(dir)
	}
	return append(thisHost.overlaps(&self, false), thisHost.overlaps(&self, true)...), nil
}

// layer is a block device, or a file below a loop device.
type layer struct {
	path       string
	dir        string // in sysfs, "" for a file
	file       string // the inode of the file that it is, or, as a loop device, all of; else ""
	identities []string
}

func (h host) layerOf(dir string) layer {
	l := layer{path: "/dev/" + filepath.Base(dir), dir: dir, identities: h.identitiesOf(dir)}
	if below, offset := h.loopOver(dir); below != nil && below.Mode&unix.S_IFMT != unix.S_IFBLK && offset == "0" {
		l.file = inode(below)
	}
	return l
}

// overlaps are all that is built on a layer, or all that it is built on.
func (h host) overlaps(self *layer, parts bool) (all []Overlap) {
	next, known := h.wholesOf, []string{self.path}
	if parts {
		next = h.partsOf
	}
	for todo := next(self); len(todo) > 0; todo = todo[1:] {
		l := todo[0]
		if slices.Contains(known, l.path) {
			continue
		}
		known = append(known, l.path)
		todo = append(todo, next(&l)...)
		all = append(all, Overlap{l.path, fingerprints(l.identities), parts})
	}
	return all
}

// wholesOf are what a layer is directly a part of, or lies on.
func (h host) wholesOf(l *layer) (all []layer) {
	if l.dir == "" {
		return nil
	}
	if h.exists(l.dir, "partition") {
		all = append(all, h.layerOf(filepath.Dir(l.dir)))
	}
	for _, dir := range h.linked(l.dir, "slaves") {
		all = append(all, h.layerOf(dir))
	}
	below, _ := h.loopOver(l.dir)
	switch {
	case below == nil:
	case below.Mode&unix.S_IFMT != unix.S_IFBLK:
		file := h.read(l.dir, "loop/backing_file")
		all = append(all, layer{path: file, file: inode(below), identities: h.loopIdentities(file, "")})
	default:
		if dir, err := h.blockDir(unix.Major(below.Rdev), unix.Minor(below.Rdev)); err == nil {
			all = append(all, h.layerOf(dir))
		}
	}
	return all
}

// partsOf are the partitions of a layer, and what lies directly on it.
func (h host) partsOf(l *layer) (all []layer) {
	if l.dir != "" {
		children, _ := os.ReadDir(l.dir)
		for _, c := range children {
			if sub := filepath.Join(l.dir, c.Name()); c.IsDir() && h.exists(sub, "partition") {
				all = append(all, h.layerOf(sub))
			}
		}
		for _, dir := range h.linked(l.dir, "holders") {
			all = append(all, h.layerOf(dir))
		}
	}
	return append(all, h.loopsOn(l)...)
}

// loopsOn are the loop devices over a layer.
func (h host) loopsOn(l *layer) (all []layer) {
	loops, _ := filepath.Glob(filepath.Join(h.sys, "class/block/loop*"))
	for _, link := range loops {
		dir, err := filepath.EvalSymlinks(link)
		if err != nil {
			continue
		}
		below, _ := h.loopOver(dir)
		switch {
		case below == nil:
		case below.Mode&unix.S_IFMT != unix.S_IFBLK:
			if l.file != "" && inode(below) == l.file {
				all = append(all, h.layerOf(dir))
			}
		case l.dir != "":
			if on, err := h.blockDir(unix.Major(below.Rdev), unix.Minor(below.Rdev)); err == nil && on == l.dir {
				all = append(all, h.layerOf(dir))
			}
		}
	}
	return all
}

// loopOver is what a loop device lies over, and from where on, in bytes; nil if
// it is none.
func (h host) loopOver(dir string) (*unix.Stat_t, string) {
	var st unix.Stat_t
	file := h.read(dir, "loop/backing_file")
	if file == "" || unix.Stat(file, &st) != nil {
		return nil, ""
	}
	return &st, h.read(dir, "loop/offset")
}

// linked are the devices that a directory of a device has links to.
func (h host) linked(dir, to string) (all []string) {
	names, _ := os.ReadDir(filepath.Join(dir, to))
	for _, n := range names {
		if at, err := filepath.EvalSymlinks(filepath.Join(dir, to, n.Name())); err == nil {
			all = append(all, at)
		}
	}
	return all
}
