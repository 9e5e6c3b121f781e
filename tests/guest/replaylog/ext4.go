package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// checkExt4 wants an ext4 to be whole once its journal is replayed, and the
// files to be on it.
func checkExt4(read func(show func(off int64, b []byte) error) error, size int64, want files) error {
	dir, err := os.MkdirTemp("", "replaylog-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "ext4.img")
	if err := writeSparse(image, size, read); err != nil {
		return err
	}
	if err := tool("e2fsck", "-E", "journal_only", "-y", image); err != nil {
		return err
	}
	if err := tool("e2fsck", "-fn", image); err != nil {
		return err
	}
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if err := tool("debugfs", "-R", "rdump / "+root, image); err != nil {
		return err
	}
	return want.verify(root)
}

func writeSparse(path string, size int64, read func(show func(off int64, b []byte) error) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return err
	}
	zero := make([]byte, 4096)
	return read(func(off int64, b []byte) error {
		for i := 0; i < len(b); i += len(zero) {
			piece := b[i:min(i+len(zero), len(b))]
			if bytes.Equal(piece, zero[:len(piece)]) {
				continue
			}
			if _, err := f.WriteAt(piece, off+int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func tool(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}
