package classify

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		want control.Code
	}{
		{errors.New("anything"), control.Failed},
		{fmt.Errorf("x: %w", context.Canceled), control.Interrupted},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), control.TimedOut},
		{fmt.Errorf("disk: %w", blockdev.ErrInUse), control.InUse},
		{fmt.Errorf("disk: %w", segment.ErrTooSmall), control.TooSmall},
		{&segment.DamageError{Reason: errors.New("x")}, control.Damaged},
		{fmt.Errorf("x: %w", logcache.ErrMismatch), control.Mismatch},
		{fmt.Errorf("x: %w", ublk.ErrNoModule), control.NoUblk},
		{fmt.Errorf("x: %w", control.Errorf(control.Busy, "y: %w", blockdev.ErrInUse)), control.Busy},
	} {
		got := Classify(c.err)
		if got.Code != c.want || got.Message != c.err.Error() || !errors.Is(got, c.err) {
			t.Errorf("%v: %v %q", c.err, got.Code, got.Message)
		}
	}
}
