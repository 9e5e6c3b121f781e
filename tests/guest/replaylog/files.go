package main

import (
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// keepFiles is how many files of each job there are at a time.
const keepFiles = 12

// content is what a file holds: its name says it.
func content(name string) []byte {
	h := fnv.New64a()
	h.Write([]byte(name))
	rnd := rand.New(rand.NewPCG(h.Sum64(), 0))
	b := make([]byte, 1+rnd.IntN(24<<10))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func runFiles(dir string, flags *flag.FlagSet, args []string) error {
	l, err := parseLoad(flags, args)
	if err != nil {
		return err
	}
	return l.all(func(n int) error { return l.fileJob(dir, n) })
}

// fileJob makes files, each durable before it is said to be, and removes old ones.
func (l *load) fileJob(dir string, job int) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for n := 0; time.Now().Before(l.until); n++ {
		name := fmt.Sprintf("%d-%d-%d", l.seed, job, n)
		if err := makeFile(d, filepath.Join(dir, name), content(name)); err != nil {
			return err
		}
		if err := l.mark.put("f:" + name); err != nil {
			return err
		}
		if n < keepFiles {
			continue
		}
		if err := l.remove(dir, fmt.Sprintf("%d-%d-%d", l.seed, job, n-keepFiles)); err != nil {
			return err
		}
	}
	return nil
}

func makeFile(dir *os.File, path string, b []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := unix.Fsync(int(f.Fd())); err != nil {
		return err
	}
	return unix.Fsync(int(dir.Fd()))
}

func (l *load) remove(dir, name string) error {
	if err := l.mark.put("r:" + name); err != nil {
		return err
	}
	return os.Remove(filepath.Join(dir, name))
}

// files are those that must be there.
type files map[string]bool

// verify compares a folder that was taken off the file system.
func (want files) verify(dir string) error {
	for name := range want {
		b, err := fs.ReadFile(os.DirFS(dir), name)
		if err != nil {
			return err
		}
		if !bytes.Equal(b, content(name)) {
			return fmt.Errorf("file %s: its content is not what was written", name)
		}
	}
	return nil
}
