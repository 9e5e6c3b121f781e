package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"golang.org/x/sys/unix"
)

// LogPath is where a server in the background writes its log.
func LogPath() string { return filepath.Join(control.RunDir(), "lc.log") }

// prepareRunDir makes the run directory, and refuses one that others could put
// files into.
func prepareRunDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the run directory: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return fmt.Errorf("look at %s: %w", dir, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() {
		return control.Errorf(control.NotPermitted, "%s is not a directory of our own; remove it", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("close %s to others: %w", dir, err)
	}
	return nil
}

// lockRunDir makes sure that no second server runs. The lock goes with the
// process, however it ends.
func lockRunDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lc.pid"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		pid, _ := os.ReadFile(f.Name())
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, control.Errorf(control.Taken, "another server runs already (process %s)", strings.TrimSpace(string(pid)))
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the process id: %w", err), f.Close())
	}
	return f, nil
}
