// Package managertest has what the tests of the manager, and of what stands
// above it, have in common.
package managertest

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// NoNodes lets devices do without nodes, and so without ublk: all else is real.
type NoNodes struct{}

// Probe finds nothing in the way.
func (NoNodes) Probe(context.Context) error { return nil }

// Start makes no node.
func (NoNodes) Start(context.Context, *host.Device) error { return nil }

// Format makes a disk a cache.
func Format(t testing.TB, path string) {
	t.Helper()
	dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	id := uuid.New()
	o := logcache.FormatOptions{DeviceSize: dev.Size(), BlockSize: dev.LogicalBlock(), Label: "test", UUID: id, Nonce: binary.LittleEndian.Uint64(id[:])}
	if _, err := logcache.Format(dev, o); err != nil {
		t.Fatal(err)
	}
}

// Hold has the log of a cache hold a block for a backing that was attached as
// device id: what a crash leaves.
func Hold(t testing.TB, cache, backing string, id uint8) {
	t.Helper()
	back, err := blockdev.Open(backing, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := whose.Describe(back, id, "myLV")
	if err != nil {
		t.Fatal(err)
	}
	b := seen.Binding()
	b.State = segment.Attached
	if err := back.Close(); err != nil {
		t.Fatal(err)
	}
	dev, err := blockdev.Open(cache, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		t.Fatal(err)
	}
	super.Generation++
	super.Epoch++
	super.Clean = false
	super.Bindings = []segment.Binding{b}
	buf, err := mem.Alloc(64 << 10)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(buf)
	put := func(image []byte, at int64) {
		t.Helper()
		if _, err := dev.WriteAt(image, at); err != nil {
			t.Fatal(err)
		}
	}
	put(segment.AppendSuper(buf[:0], super), segment.SuperOffset(super.Generation))
	clear(buf)
	record := buf[:8192] // a header and a block, 4 KiB each
	segment.PutExtent(record, 0, segment.Extent{Device: id, Kind: segment.Data, LBA: 64, Sectors: 8})
	segment.SealRecord(record, &segment.Header{Nonce: super.Nonce, Epoch: super.Epoch, Segment: 1, Seq: 1, PayloadSectors: 8, HeaderSectors: 8, Extents: 1}, nil)
	put(record, super.Geometry.SlotOffset(0))
}
