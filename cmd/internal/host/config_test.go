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
	}
}

// TestOptimalIO: a stripe is passed on, and not what no device can say.
func TestOptimalIO(t *testing.T) {
	for _, c := range []struct{ bytes, physical, want uint32 }{
		{0, 512, 0},
		{512, 512, 0},
		{4096, 512, 4096},
		{4096, 8192, 0},
		{64 << 10, 4096, 64 << 10},
		{3 * 64 << 10, 4096, 0}, // of three data disks
		{16 << 20, 4096, 16 << 20},
		{32 << 20, 4096, 0},
	} {
		if got := optimalIO(c.bytes, c.physical); got != c.want {
			t.Errorf("a disk that likes %d bytes, of blocks of %d: %d, want %d", c.bytes, c.physical, got, c.want)
		}
	}
}
