package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
	"golang.org/x/sys/unix"
)

// isNew tells whether a target is a file that is to be made: there is none, or
// an empty one, and there is a directory for it. What is missing in /dev is a
// disk.
func isNew(path string) bool {
	st, err := os.Stat(path)
	if err == nil {
		return st.Mode().IsRegular() && st.Size() == 0
	}
	abs, errAbs := filepath.Abs(path)
	if !errors.Is(err, fs.ErrNotExist) || errAbs != nil {
		return false
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	return err == nil && !strings.HasPrefix(dir+"/", "/dev/")
}

// makeTarget makes a sparse file of the size of a device.
func makeTarget(cmd *cobra.Command, plan *inspect.Plan, o *ReplayOptions) (*target, error) {
	undo := func() error { return os.Remove(o.To) }
	if _, err := os.Stat(o.To); err == nil {
		undo = func() error { return os.Truncate(o.To, 0) }
	}
	f, err := os.OpenFile(o.To, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	size := plan.Binding.Sectors * segment.SectorSize
	if err := errors.Join(f.Truncate(int64(size)), f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(err, undo())
	}
	to, err := openTarget(o, "")
	if err != nil {
		return nil, errors.Join(err, undo())
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: made, a sparse file of %s; it holds only what the log has: to mount it, a copy of the disk is needed to replay to\n", to.Path(), humanize.IBytes(size))
	return to, nil
}

// isBlank tells whether a target is a file without any data. Where the file
// system does not say, it is none.
func isBlank(dev *blockdev.Device) bool {
	st, err := os.Stat(dev.Path())
	if err != nil || !st.Mode().IsRegular() {
		return false
	}
	_, err = unix.Seek(dev.FD(), 0, unix.SEEK_DATA)
	return errors.Is(err, unix.ENXIO)
}
