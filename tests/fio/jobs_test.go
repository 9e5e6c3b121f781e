package fio

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// TestJobsParse: fio understands every job once the variables are set.
func TestJobsParse(t *testing.T) {
	kit.Need(t, kit.Tools("fio"))
	names, err := fs.Glob(Jobs, "*.fio")
	if err != nil || len(names) == 0 {
		t.Fatalf("jobs %v: %v", names, err)
	}
	dir := t.TempDir()
	iolog := filepath.Join(dir, "iolog")
	if err := os.WriteFile(iolog, []byte("fio version 2 iolog\nx add\nx open\nx write 0 4096\nx close\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(name, ".fio"), func(t *testing.T) {
			cmd := exec.Command("fio", "--parse-only", name)
			cmd.Env = append(os.Environ(), "FILENAME="+filepath.Join(dir, "disk"), "SIZE=1m", "RUNTIME=1",
				"BYTES=64k", "OFFSET=1m", "LOG="+filepath.Join(dir, "log"), "IOLOG="+iolog)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
