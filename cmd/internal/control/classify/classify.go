// Package classify gives errors their exit codes. It knows the sentinels of all
// packages below, so that [control], which scripts lean on, need not.
package classify

import (
	"context"
	"errors"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
	"github.com/ublk-lc/ublk-lc/sysfsio"
	"github.com/ublk-lc/ublk-lc/ublk"
	"golang.org/x/sys/unix"
)

// Classify gives any error its code.
func Classify(err error) *control.Error {
	var e *control.Error
	if errors.As(err, &e) {
		return control.Coded(e.Code, err)
	}
	for _, known := range sentinels {
		if errors.Is(err, known.err) {
			return control.Coded(known.code, err)
		}
	}
	return control.Coded(control.Failed, err)
}

// sentinels are the errors that have a code; the first that fits counts.
var sentinels = []struct {
	err  error
	code control.Code
}{
	{context.Canceled, control.Interrupted},
	{context.DeadlineExceeded, control.TimedOut},
	{blockdev.ErrNotBlock, control.BadValue},
	{blockdev.ErrNoDirect, control.BadValue},
	{blockdev.ErrInUse, control.InUse},
	{blockdev.ErrUnfit, control.Unfit},
	{blockdev.ErrHasContent, control.HasContent},
	{segment.ErrNotFormatted, control.NotFormatted},
	{segment.ErrTooSmall, control.TooSmall},
	{segment.ErrGeometry, control.BadValue},
	{segment.ErrDamaged, control.Damaged},
	{segment.ErrVersion, control.Mismatch},
	{segment.ErrReadOnly, control.Mismatch},
	{inspect.ErrShrunk, control.Mismatch},
	{inspect.ErrTargetSmall, control.Mismatch},
	{inspect.ErrNotBound, control.NotFound},
	{inspect.ErrRange, control.BadValue},
	{logcache.ErrMismatch, control.Mismatch},
	{logcache.ErrNotBound, control.NotFound},
	{logcache.ErrTooLarge, control.BadValue},
	{logcache.ErrAttached, control.Taken},
	{logcache.ErrRebinding, control.Busy},
	{logcache.ErrDirty, control.Busy},
	{host.ErrBlockSize, control.Mismatch},
	{host.ErrNotAttached, control.NotAttached},
	{host.ErrHasDevices, control.Busy},
	{sysfsio.ErrNoAttribute, control.NotFound},
	{sysfsio.ErrMode, control.NotPermitted},
	{sysfsio.ErrValue, control.BadValue},
	{ublk.ErrNoModule, control.NoUblk},
	{ublk.ErrTooOld, control.NoUblk},
	{ublk.ErrNotPermitted, control.NotPermitted},
	{ublk.ErrBusy, control.Busy},
	{unix.ENOENT, control.NotFound},
	{unix.ENXIO, control.NotFound},
	{unix.ENODEV, control.NotFound},
	{unix.ENOMEDIUM, control.NotFound},
	{unix.EACCES, control.NotPermitted},
	{unix.EPERM, control.NotPermitted},
}
