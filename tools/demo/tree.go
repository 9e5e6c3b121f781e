package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tree is the files that are copied: their sums, and an image that holds them.
type tree struct {
	image string
	bytes int64
	early []string // lines of sha256sum -c for the half that will be synced
	late  []string // and for the half that will not
}

// readTree sums every file below dir and packs the tree in an ext4 image.
func readTree(ctx context.Context, dir, work string) (*tree, error) {
	t := &tree{image: filepath.Join(work, "tree.img")}
	var sums []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.ContainsAny(path, "\\\n") {
			return err
		}
		sum, n, err := sumFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		t.bytes += n
		sums = append(sums, sum+"  ./"+rel)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	if len(sums) < 5000 {
		return nil, fmt.Errorf("%s has %d files, fewer than 5,000", dir, len(sums))
	}
	t.early, t.late = sums[:len(sums)*3/4], sums[len(sums)*3/4:]
	size := fmt.Sprint(t.bytes*3/2/1024 + int64(len(sums))*8 + 32<<10)
	cmd := exec.CommandContext(ctx, "mkfs.ext4", "-q", "-E", "root_owner=0:0", "-N", fmt.Sprint(len(sums)*2), "-b", "1024", "-d", dir, t.image, size)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mkfs.ext4 of the tree: %w: %s", err, out)
	}
	return t, nil
}

func sumFile(path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// names are the paths in lines of sums.
func names(sums []string) string {
	var b strings.Builder
	for _, s := range sums {
		b.WriteString(s[66:] + "\n")
	}
	return b.String()
}
