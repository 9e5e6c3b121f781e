package vm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	accelKVM = "kvm"
	accelTCG = "tcg"
)

// trialTimeout bounds the boot that finds out whether KVM works. A guest that
// really runs on KVM answers in a fraction of it.
const trialTimeout = 8 * time.Second

// accelerator says how guests run on this host. /dev/kvm that opens proves
// little: under nested or cut-down virtualisation a stock kernel may hang or
// fault on it. So the kernel is tried once, and the result kept beside it, for
// this release of the host's kernel.
func (b *Built) accelerator(ctx context.Context) (string, error) {
	if err := unix.Access("/dev/kvm", unix.R_OK|unix.W_OK); err != nil {
		return accelTCG, nil
	}
	var host unix.Utsname
	if err := unix.Uname(&host); err != nil {
		return "", fmt.Errorf("vm: uname: %w", err)
	}
	note := filepath.Join(b.Dir, "accelerator-"+unix.ByteSliceToString(host.Release[:]))
	if known, err := os.ReadFile(note); err == nil {
		return string(bytes.TrimSpace(known)), nil
	}
	accel := b.tryKVM(ctx)
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("vm: trial of KVM: %w", err)
	}
	work := fmt.Sprintf("%s.%d", note, os.Getpid())
	if err := errors.Join(os.WriteFile(work, []byte(accel+"\n"), 0o644), os.Rename(work, note)); err != nil {
		return "", fmt.Errorf("vm: %w", err)
	}
	return accel, nil
}

func (b *Built) tryKVM(ctx context.Context) string {
	m, err := bootBuilt(ctx, Config{CPUs: 1, MemMB: 512, BootTimeout: trialTimeout}, b, accelKVM)
	if err != nil {
		return accelTCG // why does not matter: it does not work
	}
	defer m.Close()
	if code, err := m.Run(ctx, Command{Args: []string{"true"}}); err != nil || code != 0 {
		return accelTCG
	}
	return accelKVM
}
