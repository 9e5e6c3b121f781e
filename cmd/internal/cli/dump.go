package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// DumpOptions are the options of dump.
type DumpOptions struct {
	JSON bool
}

func dumpCommand() *cobra.Command {
	var o DumpOptions
	cmd := &cobra.Command{
		Use:   "dump DEV [super | segment ID | record ID@SECTOR | block DEVICE_ID LBA]",
		Short: "Print the bytes of a cache and what they mean",
		Long: "Print the bytes of a cache, or of a file with its bytes, and what they mean: both superblocks, the record\n" +
			"headers of a segment, one record, or all versions of a sector that are in the log, newest first. What is not\n" +
			"valid is printed all the same, and marked. It changes nothing. Of a cache in use it shows what lies there now.\n\n" +
			"The exit code is 5 (not-found) for a segment of which there is no valid record, a place without one, and a sector that\n" +
			"is not in the log, 14 (not-formatted) for no cache.",
		Annotations: map[string]string{unprivileged: "files are their owner's; devices are root's anyway"},
		Args:        dumpArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withOffline(cmd, args[0], blockdev.OpenOptions{ReadOnly: true}, func(c *offline, _ *progress) error {
				err := Dump(cmd.Context(), cmd.OutOrStdout(), c.image, args[1:], o)
				if _, none := c.image.Super(); err == nil && errors.Is(none, segment.ErrNotFormatted) {
					err = fmt.Errorf("%s: %w", c.dev.Path(), none)
				}
				return err
			})
		},
	}
	jsonFlag(cmd, &o.JSON)
	return cmd
}

// dumpable is how many arguments follow each thing that can be dumped.
var dumpable = map[string]int{"super": 0, "segment": 1, "record": 1, "block": 2}

func dumpArgs(cmd *cobra.Command, args []string) error {
	if err := requireRoot(cmd, args); err != nil {
		return err
	}
	switch {
	case len(args) == 1:
		return nil
	case len(args) > 1:
		if n, ok := dumpable[args[1]]; ok && len(args) == 2+n {
			return nil
		}
	}
	return control.Errorf(control.Usage, "takes DEV, then one of: super; segment ID; record ID@SECTOR; block DEVICE_ID LBA")
}

// Dump prints a part of a cache: what names it, with its arguments; nothing is
// the superblock.
func Dump(ctx context.Context, w io.Writer, m *inspect.Image, what []string, o DumpOptions) error {
	if len(what) == 0 {
		what = []string{"super"}
	}
	var block *inspect.Block
	var sections []inspect.Section
	var err error
	switch what[0] {
	case "super":
		sections = m.DumpSuper()
	case "segment":
		sections, err = dumpSegment(m, what[1])
	case "record":
		sections, err = dumpRecord(m, what[1])
	case "block":
		block, sections, err = dumpBlock(ctx, m, what[1], what[2])
	}
	switch {
	case err != nil:
		return err
	case o.JSON && block != nil:
		err = printJSON(w, blockOf(block))
	case o.JSON:
		err = printJSON(w, listOf(sections, sectionOf))
	default:
		err = inspect.Fprint(w, sections)
	}
	if err != nil {
		return err
	}
	return noRecord(what, sections)
}

// noRecord is that there is nothing of what was asked for, although there are
// bytes in its place.
func noRecord(what []string, sections []inspect.Section) error {
	whole := func(s inspect.Section) bool { return s.Problem == "" }
	switch {
	case len(sections) == 0 || slices.ContainsFunc(sections, whole):
		return nil
	case what[0] == "segment":
		return control.Errorf(control.NotFound, "no valid record of segment %s is in its slot (%s): it was never written, or was written over or damaged since", what[1], sections[0].Problem)
	case what[0] == "record":
		return control.Errorf(control.NotFound, "there is no valid record at %s (%s)", what[1], sections[0].Problem)
	}
	return nil
}

func dumpSegment(m *inspect.Image, id string) ([]inspect.Section, error) {
	n, err := unsigned("segment", id, 64)
	if err != nil {
		return nil, err
	}
	return m.DumpSegment(n)
}

func dumpRecord(m *inspect.Image, place string) ([]inspect.Section, error) {
	id, sector, ok := strings.Cut(place, "@")
	if !ok {
		return nil, control.Errorf(control.BadValue, "record %q: name it by segment and sector, as 7@0", place)
	}
	n, err := unsigned("segment", id, 64)
	if err != nil {
		return nil, err
	}
	at, err := unsigned("sector", sector, 32)
	if err != nil {
		return nil, err
	}
	section, err := m.DumpRecord(n, uint32(at))
	return []inspect.Section{section}, err
}

func dumpBlock(ctx context.Context, m *inspect.Image, device, lba string) (*inspect.Block, []inspect.Section, error) {
	id, err := parseID("device", device)
	if err != nil {
		return nil, nil, err
	}
	at, err := unsigned("sector", lba, 48)
	if err != nil {
		return nil, nil, err
	}
	block, err := m.FindBlock(ctx, uint8(id), at)
	if err != nil {
		return nil, nil, err
	}
	if len(block.Versions) == 0 {
		return nil, nil, control.Errorf(control.NotFound, "the log holds no version of sector %d of device %d; the newest is on the backing", at, id)
	}
	return block, block.Sections(), nil
}

// unsigned takes a number off the command line.
func unsigned(what, arg string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(arg, 0, bits)
	if err != nil {
		return 0, control.Errorf(control.BadValue, "%s %q is not a number", what, arg)
	}
	return n, nil
}
