package cli

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// FormatOptions are the options of format-cache.
type FormatOptions struct {
	SegmentSize string
	RecordAlign string // "" = the disk's physical block
	Label       string
	Force       bool
	OtherDisk   bool
	SkipDisks   []string
}

func formatCommand() *cobra.Command {
	var o FormatOptions
	cmd := &cobra.Command{
		Use:   "format-cache DEV",
		Short: "Make a disk a cache; all data on it is lost",
		Long: "Make a disk a cache; all data on it is lost. A disk that holds something, or is a cache already, is\n" +
			"refused; --force overrides that. A disk that is in use is refused whatever is asked for: mounted, part of\n" +
			"another device, or open for writing by any program. So is one that a cache on this host holds data for. One that\n" +
			"nothing tells from such a disk, as a blank disk without an identity, is refused until --other-disk says that it is none,\n" +
			"and any disk beside a cache that cannot be read, until --skip-disk says that it has nothing of it.\n\n" +
			"What other programs would know the disk by is wiped, at its start and at its end, and what is left shows\n" +
			"them a protective MBR (blkid: PTTYPE=\"PMBR\"), at which most of them stop before they go over it.\n" +
			"`lc wipe-cache` makes the disk an empty one again.\n\n" +
			"On a disk of 512-byte blocks that are parts of physical ones of 4096 bytes (512e), no write of the log shares\n" +
			"a physical block with what is durable already: some disks lose all of a block when the power fails while they\n" +
			"write a part of it. A synchronous write of 4 KiB that comes alone takes 8 KiB of the log for that, and not 4.5;\n" +
			"what is not synchronous costs nothing. On a disk with power-loss protection --record-align 512 spares that.",
		Args: exactly("DEV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return Format(cmd.Context(), cmd.OutOrStdout(), args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.SegmentSize, "segment-size", fmt.Sprintf("%dMiB", segment.DefaultSegmentSize>>20), "size of a segment, a power of two from 8KiB to 64MiB")
	cmd.Flags().StringVar(&o.RecordAlign, "record-align", "", "where writes of the log start and end: on multiples of 512 bytes, or of 4KiB (default: the disk's physical block)")
	cmd.Flags().StringVar(&o.Label, "label", "", "name for people: printable text of at most 32 bytes")
	cmd.Flags().BoolVar(&o.Force, "force", false, "format although the disk holds something")
	cmd.Flags().BoolVar(&o.OtherDisk, "other-disk", false, "it is none of the disks that a log has data of, although nothing tells")
	cmd.Flags().StringArrayVar(&o.SkipDisks, "skip-disk", nil, "a disk or file that is not to be asked, since it is no cache with data of DEV; may be repeated")
	return cmd
}

// Format makes a disk a cache. It needs neither a server nor ublk.
func Format(ctx context.Context, w io.Writer, path string, o FormatOptions) error {
	if err := control.CheckLabel(o.Label); err != nil {
		return err
	}
	size, err := segmentSize(o.SegmentSize)
	if err != nil {
		return err
	}
	if err := absoluteAll(o.SkipDisks); err != nil {
		return err
	}
	dev, err := openDisk(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		return err
	}
	super, err := format(ctx, dev, size, o)
	if err := errors.Join(err, dev.Close()); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: formatted as cache %s: %d segments of %s\n", dev.Path(), uuid.UUID(super.UUID), super.Geometry.Slots,
		humanize.IBytes(uint64(super.Geometry.SegmentSize)))
	if log := super.Geometry.LogBytes(); log < smallLog {
		fmt.Fprintf(w, "%s: a log of %s is soon full: writers will mostly wait for migration\n", dev.Path(), humanize.IBytes(log))
	}
	return nil
}

// smaller names the largest segments of which enough fit, if those that were
// asked for are too large, or "".
func smaller(f *logcache.FormatOptions) string {
	for size := f.SegmentSize / 2; size >= max(segment.MinSegmentSize, 4*f.RecordAlign); size /= 2 {
		if _, err := segment.NewAligned(f.DeviceSize, f.BlockSize, size, f.RecordAlign); err == nil {
			return fmt.Sprintf("; of those of --segment-size %dKiB there are enough", size>>10)
		}
	}
	return ""
}

// smallLog is below what a log is hardly worth having, in bytes.
const smallLog = 16 << 20

func format(ctx context.Context, dev *blockdev.Device, segmentSize uint32, o FormatOptions) (*segment.Super, error) {
	align, err := recordAlign(dev, segmentSize, o.RecordAlign)
	if err != nil {
		return nil, err
	}
	f := logcache.FormatOptions{
		DeviceSize: dev.Size(), BlockSize: dev.LogicalBlock(), RecordAlign: align, SegmentSize: segmentSize, Label: o.Label, UUID: uuid.New(),
	}
	// Before the content, so that one call tells about a disk that can never be
	// a cache.
	if _, err := segment.NewAligned(f.DeviceSize, f.BlockSize, segmentSize, align); err != nil {
		return nil, fmt.Errorf("%s: %w%s", dev.Path(), err, smaller(&f))
	}
	// Whatever is forced: what is in that log would go over the new cache, or
	// have no disk any more.
	if err := manager.HeldIn(ctx, seen.Default(), dev, o.OtherDisk, o.SkipDisks, told(os.Stderr)); err != nil {
		return nil, err
	}
	if !o.Force {
		if err := checkContent(ctx, dev); err != nil {
			return nil, err
		}
	}
	var nonce [8]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, fmt.Errorf("make a nonce: %w", err)
	}
	f.Nonce = binary.LittleEndian.Uint64(nonce[:])
	old, _ := logcache.ReadSuper(dev)
	super, err := logcache.Format(dev, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dev.Path(), err)
	}
	noMore(old)
	return super, nil
}

// noMore takes a cache that was written over out of what this host has seen,
// unless it was an old copy of one that lives on. What stays there is a warning
// too many.
func noMore(old *segment.Super) {
	if old == nil {
		return
	}
	was, err := seen.Default().Load(old.UUID)
	if err == nil && was != nil && old.Epoch >= was.Epoch && old.Generation >= was.Generation {
		_ = seen.Default().Remove(old.UUID)
	}
}

// checkContent refuses a disk that holds something, and says of a cache what is
// in it.
func checkContent(ctx context.Context, dev *blockdev.Device) error {
	all, err := dev.Contents()
	switch {
	case err != nil:
		return err
	case len(all) == 0:
		return nil
	case all[0] != blockdev.OwnCache:
		return control.Errorf(control.HasContent, "%s: %w: %s; --force formats it all the same, and that is lost", dev.Path(), blockdev.ErrHasContent, strings.Join(all, ", "))
	}
	by, err := whose.TakenBy(dev)
	if err != nil {
		return err
	}
	what := describeCache(dev)
	if by != "" {
		return control.Errorf(control.HasContent, "%s: --force formats it all the same, and that is lost, and what is left of the cache, %s%s", whose.Taken(dev.Path(), by), what.text, what.saved(dev.Path()))
	}
	more, ways := "", ""
	switch old, _ := logcache.ReadSuper(dev); {
	case what.empty:
	case outdated(ctx, old) != "":
		ways = fmt.Sprintf(". It is an old copy: %s%s", outdated(ctx, old), what.saved(dev.Path()))
	default:
		ways = ". " + what.waysOn(dev.Path())
	}
	if len(all) > 1 {
		more = "; it shows other signatures too, of what was there before or came since: " + strings.Join(all[1:], ", ")
	}
	return control.Errorf(control.HasContent, "%s is already formatted as a cache, %s%s; --force formats it anew, and what is in its log is lost%s", dev.Path(), what.text, more, ways)
}

// segmentSize takes 1MiB, 512K, 65536.
func segmentSize(arg string) (uint32, error) {
	n, err := parseSize(arg)
	if err != nil || n < segment.MinSegmentSize || n > segment.MaxSegmentSize || n&(n-1) != 0 {
		return 0, control.Errorf(control.BadValue, "segment size %q is not a power of two from 8KiB, which has room for a write of 4 KiB and its header, to 64MiB", arg)
	}
	return uint32(n), nil
}

// mostAligned is the largest alignment that records can have, in bytes.
const mostAligned = 4096

// recordAlign is where records are to start and end on a disk: on its physical
// blocks, or as asked for.
func recordAlign(dev *blockdev.Device, segmentSize uint32, arg string) (uint32, error) {
	align := min(dev.PhysicalBlock(), mostAligned)
	if arg != "" {
		n, err := parseSize(arg)
		if err != nil || n != segment.SectorSize && n != mostAligned {
			return 0, control.Errorf(control.BadValue, "record alignment %q is neither 512 nor 4KiB", arg)
		}
		if align = uint32(n); align < dev.LogicalBlock() {
			return 0, control.Errorf(control.BadValue, "%s has blocks of %d bytes: a record cannot start at a part of one; leave --record-align out", dev.Path(), dev.LogicalBlock())
		}
	}
	return align, roomForTwo(dev.Path(), segmentSize, align, dev.LogicalBlock())
}

// roomForTwo refuses segments that have no room for two writes of a block, each
// with its header, where those are aligned.
func roomForTwo(path string, segmentSize, align, logical uint32) error {
	if segmentSize >= 4*align {
		return nil
	}
	way := ""
	if align > logical {
		way = fmt.Sprintf(", or --record-align 512 if %s has power-loss protection", path)
	}
	return control.Errorf(control.BadValue, "segments of %s are too small: on %s each write of the log starts and ends on a multiple of %d bytes, so that one of 4 KiB takes 8 KiB with its header, and a segment is to have room for two: take --segment-size 16KiB or more%s",
		humanize.IBytes(uint64(segmentSize)), path, align, way)
}
