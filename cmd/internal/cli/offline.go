package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// offline is a cache that is looked at without a server.
type offline struct {
	dev   *blockdev.Device
	image *inspect.Image
}

// lookStill is how most verbs open a cache: only to read, and still
// exclusively, since a log that is in use changes while it is read.
var lookStill = blockdev.OpenOptions{ReadOnly: true, Exclusive: true}

func openOffline(path string, how blockdev.OpenOptions) (*offline, error) {
	dev, err := openDisk(path, how)
	if err != nil {
		return nil, err
	}
	image, err := inspect.Open(dev, int64(dev.Size()))
	if err != nil {
		return nil, errors.Join(err, dev.Close())
	}
	return &offline{dev, image}, nil
}

// openDisk opens a disk, and of one that the server has in use says as what.
func openDisk(path string, how blockdev.OpenOptions) (*blockdev.Device, error) {
	dev, err := blockdev.Open(path, how)
	if errors.Is(err, blockdev.ErrInUse) {
		return nil, explainInUse(path, err)
	}
	return dev, err
}

// explainInUse adds which cache of the server it is, or the disk of which
// device, if it is one.
func explainInUse(path string, err error) error {
	l := serverList()
	if id := cacheOn(l, path); id != 0 {
		return fmt.Errorf("%w; it is cache %d: %s`lc free-cache %d` first", err, id, beforeFree(l.Devices, id), id)
	}
	for i := range l.Devices {
		if d := &l.Devices[i]; sameFile(path, d.Backing) {
			return fmt.Errorf("%w; it is the disk of device %d (%s): %s`lc remove %d` first", err, d.ID, d.Name, beforeRemove(d), d.ID)
		}
	}
	return err
}

// serverList is what the server has, or nothing if none runs.
func serverList() *control.List {
	l := &control.List{}
	if conn, err := control.Dial(); err == nil && control.Call(context.Background(), conn, control.VerbList, nil, l, nil) != nil {
		return &control.List{}
	}
	return l
}

// cacheOn is the cache that a disk is resumed as, or 0.
func cacheOn(l *control.List, path string) int {
	for _, c := range l.Caches {
		if sameFile(path, c.Device) {
			return c.ID
		}
	}
	return 0
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && blockdev.KeyOf(x) == blockdev.KeyOf(y)
}

// beforeRemove is the command, with a comma behind it, that takes a device off
// its cache, or "".
func beforeRemove(d *control.DeviceLine) string {
	if d.CacheID == 0 {
		return ""
	}
	return fmt.Sprintf("`lc detach %d`, ", d.ID)
}

// beforeFree are the commands, each with a comma behind it, that let go of the
// devices which are attached to a cache, or wait for it.
func beforeFree(devices []control.DeviceLine, cache int) (first string) {
	for _, d := range devices {
		switch cache {
		case d.CacheID:
			first += fmt.Sprintf("`lc detach %d`, ", d.ID)
		case d.WaitsFor:
			first += fmt.Sprintf("`lc remove %d`, ", d.ID)
		}
	}
	return first
}

func (o *offline) close() error { return errors.Join(o.image.Close(), o.dev.Close()) }

// survey reads the whole log and verifies it.
func (o *offline) survey(ctx context.Context, p *progress) (*inspect.Log, error) {
	log, err := o.image.Survey(ctx, inspect.Options{Payload: true, Progress: p.percent("verified")})
	switch {
	case errors.Is(err, context.Canceled):
		return nil, control.Errorf(control.Interrupted, "%s: interrupted while the log was read; nothing was written", o.dev.Path())
	case err != nil:
		return nil, fmt.Errorf("%s: %w", o.dev.Path(), err)
	}
	return log, nil
}

// withOffline runs a verb on a cache.
func withOffline(cmd *cobra.Command, path string, how blockdev.OpenOptions, run func(o *offline, p *progress) error) error {
	o, err := openOffline(path, how)
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
