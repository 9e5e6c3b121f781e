package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// Of what is compared more than once the last, which is the newest, decides;
// what is compared lies at either end of blocks, and of the buffer.
func TestCompareNewest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	disk := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Skip(err)
	}
	defer dev.Close()
	plan := &inspect.Plan{Ranges: []inspect.Range{{LBA: 3, Sectors: 5}, {LBA: 100, Sectors: 4000}}}
	c, err := newComparer(dev, plan)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	same := func(lba, sectors int64) []byte { return disk[lba*512 : (lba+sectors)*512] }
	for i, step := range []struct {
		lba  int64
		data []byte
		want uint64
	}{
		{3, make([]byte, 5*512), 5},
		{4, same(4, 2), 3},
		{100, make([]byte, 3000*512), 3003},
		{100, same(100, 4000), 3},
		{4099, make([]byte, 512), 4},
		{4099, same(4099, 1), 3},
		{3, same(3, 5), 0},
	} {
		if n, err := c.WriteAt(step.data, step.lba*512); err != nil || n != len(step.data) {
			t.Fatal(n, err)
		}
		if got := c.missing(); got != step.want {
			t.Errorf("step %d: %d sectors are missing, want %d", i, got, step.want)
		}
	}
}
