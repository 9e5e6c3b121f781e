package host

import "testing"

// A node shows its disk's character, in the blocks that were asked for.
func TestNodeConfig(t *testing.T) {
	backing := diskFile(t, "backing", 8<<20)
	defer backing.Close()
	for asked, want := range map[uint32]uint32{0: backing.LogicalBlock(), 4096: 4096} {
		d, err := NewDevice(1, "a", backing, DeviceOptions{LogicalBlock: asked})
		if err != nil {
			t.Fatal(err)
		}
		c := d.config()
		if c.LogicalBlock != want || d.LogicalBlock() != want || c.PhysicalBlock < 4096 || c.SizeBytes != 8<<20 {
			t.Errorf("asked for blocks of %d: %+v", asked, c)
		}
		if c.Rotational != backing.Rotational() {
			t.Errorf("rotational %v, its disk %v", c.Rotational, backing.Rotational())
		}
		if c.IOOpt != optimalIO(backing) || c.IOOpt != 0 && c.IOOpt < c.PhysicalBlock {
			t.Errorf("preferred I/O of %d bytes", c.IOOpt)
		}
	}
}
