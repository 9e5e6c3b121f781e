package blockdev

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A key is of what is open, by whatever path.
func TestKey(t *testing.T) {
	dir := t.TempDir()
	path, link, other := filepath.Join(dir, "disk"), filepath.Join(dir, "link"), filepath.Join(dir, "other")
	for _, p := range []string{path, other} {
		if err := os.WriteFile(p, make([]byte, 1<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	at := func(path string) Key {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return KeyOf(st)
	}
	dev, err := Open(link, OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	was := dev.Key()
	if was == (Key{}) || was != at(path) || was != at(link) || was == at(other) || was.Node() != "" {
		t.Errorf("%+v; the file %+v, another one %+v", was, at(path), at(other))
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
	if dev.Key() != was {
		t.Errorf("it is %+v now, and was %+v", dev.Key(), was)
	}
	if nodes, _ := filepath.Glob("/dev/loop[0-9]"); len(nodes) > 0 {
		if k := at(nodes[0]); k.Number == 0 || k.Node() != nodes[0] {
			t.Errorf("%s: %+v, %s", nodes[0], k, k.Node())
		}
	}
}

// What no disk can be has no key, and what the kernel has no disk for no node.
func TestKeyOfNothing(t *testing.T) {
	if k := KeyOf(notOfThisHost{}); k != (Key{}) || k.Node() != "" {
		t.Errorf("%+v at %q", k, k.Node())
	}
	if node := (Key{Number: unix.Mkdev(4000, 1)}).Node(); node != "" {
		t.Errorf("a disk that is not there is %q", node)
	}
}

// notOfThisHost is a file that no stat has found, such as one of an archive.
type notOfThisHost struct{ fs.FileInfo }

func (notOfThisHost) Sys() any { return nil }
