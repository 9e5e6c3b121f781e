package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// offline is a cache that is looked at without a server. Nothing of it changes.
type offline struct {
	dev   *blockdev.Device
	image *inspect.Image
}

// openOffline opens a cache read-only. Exclusively it is still: a log that is in use changes while it is read.
func openOffline(path string, exclusive bool) (*offline, error) {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true, Exclusive: exclusive})
	if err != nil {
		return nil, err
	}
	image, err := inspect.Open(dev, int64(dev.Size()))
	if err != nil {
		return nil, errors.Join(err, dev.Close())
	}
	return &offline{dev, image}, nil
}

func (o *offline) close() error { return errors.Join(o.image.Close(), o.dev.Close()) }

// survey reads the whole log and verifies it.
func (o *offline) survey(ctx context.Context, p *progress) (*inspect.Log, error) {
	log, err := o.image.Survey(ctx, inspect.Options{Payload: true, Progress: p.percent("verified")})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.dev.Path(), err)
	}
	return log, nil
}

// withOffline runs a verb on a cache.
func withOffline(cmd *cobra.Command, path string, exclusive bool, run func(o *offline, p *progress) error) error {
	o, err := openOffline(path, exclusive)
	if err != nil {
		return err
	}
	p := newProgress(cmd.ErrOrStderr())
	err = run(o, p)
	p.end()
	return errors.Join(err, o.close())
}

// percent shows how far something is, to people only.
func (p *progress) percent(what string) func(done, total uint64) {
	if p.columns == 0 {
		return nil
	}
	return func(done, total uint64) {
		p.show(control.Progress{Text: fmt.Sprintf("%s %d %%", what, done*100/max(total, 1))})
	}
}
