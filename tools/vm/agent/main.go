// Command agent is process 1 of the guests that package vm boots. It comes in
// the initrd, mounts the root disk and moves into it, and then does what the
// host tells it over a virtio serial port: runs commands, several at once, and
// writes files. It is one static binary that starts no shell and no service,
// because under emulation every process at boot costs a noticeable time.
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ublk-lc/ublk-lc/tools/vm/wire"
)

func main() {
	err := run()
	// The kernel log is the only place that the host still reads.
	fmt.Fprintln(os.Stderr, "agent:", err)
	time.Sleep(100 * time.Millisecond) // for the serial console
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func run() error {
	if err := enterRoot(); err != nil {
		return err
	}
	port, err := openPort()
	if err != nil {
		return err
	}
	s := newServer(wire.NewWriter(port))
	if err := s.out.Write(0, wire.Ready, nil); err != nil {
		return err
	}
	in := bufio.NewReaderSize(port, 64<<10)
	for {
		f, err := wire.Read(in)
		if err != nil {
			return fmt.Errorf("host is gone: %w", err)
		}
		if f.Kind == wire.PowerOff {
			unix.Sync()
			return fmt.Errorf("power off as told: %w", unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF))
		}
		if err := s.handle(f); err != nil {
			return err
		}
	}
}
