package ublk

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// recoverPoll is how often to look whether the kernel has let go of the old
	// server.
	recoverPoll = 20 * time.Millisecond
	// recoverTimeout bounds that. Kernels that notice late take up to 30 s.
	recoverTimeout = 40 * time.Second
)

// Recover takes over a device made with Config.Recovery whose server is gone.
// Requests have waited, and those that were in its hands come again: what they
// ask for must be safe to do twice. They flow as soon as Start is called, so
// bring back all state before that. If Start then fails the device stays as it
// was; end the process, and recover again.
func Recover(ctx context.Context, id int, h Handler) (*Device, error) {
	info, err := Stat(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := getParams(ctx, id)
	if err != nil {
		return nil, err
	}
	if !info.Features.Has(recoveryFlags) {
		return nil, fmt.Errorf("ublk device %d: recover: it was made without recovery; delete it", id)
	}
	if err := takeOver(ctx, id); err != nil {
		return nil, err
	}
	d := newDevice(id, h)
	d.recovering = true
	d.cfg = configOf(info, p)
	return d, nil
}

// takeOver asks until the kernel has let go of the old server.
func takeOver(ctx context.Context, id int) error {
	for deadline := time.Now().Add(recoverTimeout); ; {
		err := startRecovery(ctx, id)
		if err == nil || !errors.Is(err, ErrBusy) || time.Now().After(deadline) {
			return err
		}
		if err := pause(ctx, recoverPoll); err != nil {
			return fmt.Errorf("ublk device %d: recover: %w", id, err)
		}
	}
}
