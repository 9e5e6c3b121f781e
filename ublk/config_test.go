package ublk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"golang.org/x/sys/unix"
)

func TestBadConfigsAreRefused(t *testing.T) {
	good := Config{ID: -1, SizeBytes: 1 << 20}
	for want, change := range map[string]func(*Config){
		"id -2":                  func(c *Config) { c.ID = -2 },
		"-1 queues":              func(c *Config) { c.Queues = -1 },
		"depth 5000":             func(c *Config) { c.Depth = 5000 },
		"request of 5000 bytes":  func(c *Config) { c.MaxIOBytes = 5000 },
		"at most 32 MiB":         func(c *Config) { c.MaxIOBytes = 64 << 20 },
		"size of 0 bytes":        func(c *Config) { c.SizeBytes = 0 },
		"size of 1000 bytes":     func(c *Config) { c.SizeBytes = 1000 },
		"logical block of 100":   func(c *Config) { c.LogicalBlock = 100 },
		"logical block of 8192":  func(c *Config) { c.LogicalBlock, c.PhysicalBlock = 8192, 8192 },
		"smaller than the logic": func(c *Config) { c.LogicalBlock, c.PhysicalBlock = 4096, 512 },
		"optimal I/O of 3 bytes": func(c *Config) { c.IOOpt = 3 },
		"FUA needs a volatile":   func(c *Config) { c.FUA = true },
	} {
		c := good
		change(&c)
		if _, err := c.withDefaults(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := good.withDefaults(); err != nil {
		t.Error(err)
	}
	if _, err := New(context.Background(), Config{}, nil); err == nil {
		t.Error("New took a device without a size")
	}
}

// What a device was made with can be read back from the kernel's form of it.
func TestParamsRoundTrip(t *testing.T) {
	c, err := Config{
		ID: 3, Queues: 2, Depth: 64, MaxIOBytes: 1 << 20, SizeBytes: 1 << 40, LogicalBlock: 512, PhysicalBlock: 4096,
		IOMin: 4096, IOOpt: 1 << 20, VolatileCache: true, FUA: true, Rotational: true, ReadOnly: true,
		DiscardMaxBytes: 1 << 30, DiscardGranularity: 4096, WriteZeroesMaxBytes: 1 << 29, Recovery: true,
	}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	p := c.params()
	if p.Types != uapi.UBLK_PARAM_TYPE_BASIC|uapi.UBLK_PARAM_TYPE_DISCARD || p.Basic.MaxSectors != 2048 {
		t.Errorf("params: %+v", p)
	}
	info := c.info(^Features(0))
	got := configOf(Info{ID: 3, Queues: int(info.NrHwQueues), Depth: int(info.QueueDepth),
		MaxIOBytes: int(info.MaxIOBufBytes), SizeBytes: p.Basic.DevSectors * SectorSize, Features: Features(info.Flags)}, p)
	if diff := cmp.Diff(c, got); diff != "" {
		t.Error(diff)
	}
}

// A shift of 0 would be a preferred I/O of one byte.
func TestOptimalIOIsNeverAByte(t *testing.T) {
	c, err := Config{ID: -1, SizeBytes: 1 << 20}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if p := c.params(); p.Basic.IOOptShift != 12 || p.Basic.IOMinShift != 12 {
		t.Errorf("shifts %d and %d, want those of 4096", p.Basic.IOOptShift, p.Basic.IOMinShift)
	}
}

// Kernels before GET_FEATURES have no word for it.
func TestOldKernels(t *testing.T) {
	for _, errno := range []unix.Errno{unix.ENODEV, unix.EINVAL, unix.EOPNOTSUPP} {
		if err := controlError("GET_FEATURES", -1, errno); !errors.Is(err, ErrTooOld) || errors.Is(err, ErrNoDevice) || !strings.Contains(err.Error(), "6.5+") {
			t.Errorf("%v: %v", errno, err)
		}
	}
	if err := controlError("DEL_DEV", 3, unix.ENODEV); !errors.Is(err, ErrNoDevice) {
		t.Error(err)
	}
}

func TestControlError(t *testing.T) {
	err := fmt.Errorf("outer: %w", controlError("DEL_DEV", 4, unix.ETIMEDOUT))
	if !errors.Is(err, ErrTimeout) || !errors.Is(err, unix.ETIMEDOUT) || errors.Is(err, ErrBusy) {
		t.Errorf("%v is not what it should be", err)
	}
	var ce *ControlError
	if !errors.As(err, &ce) || ce.Op != "DEL_DEV" || ce.DevID != 4 {
		t.Errorf("got %+v", ce)
	}
	for _, want := range []string{"DEL_DEV", "device 4", "timed out", "still has the block device open"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if s := controlError("ADD_DEV", -1, unix.EPERM).Error(); strings.Contains(s, "-1") || !strings.Contains(s, "needs root") {
		t.Error(s)
	}
}

func TestFeatureNames(t *testing.T) {
	f := Features(uapi.UBLK_F_USER_RECOVERY | uapi.UBLK_F_USER_COPY | 1<<60)
	if got, want := f.String(), "user_recovery user_copy bit 60"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !f.Has(uapi.UBLK_F_USER_COPY) || f.Has(uapi.UBLK_F_USER_COPY|uapi.UBLK_F_ZONED) {
		t.Error("Has is wrong")
	}
}
