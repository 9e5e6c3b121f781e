package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"golang.org/x/sys/unix"
)

// ReadyFD is the descriptor by which a server in the background reports that it
// is ready.
const ReadyFD = 3

// Spawn starts a server in the background, in a session of its own, and waits
// until it takes commands.
func Spawn(args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return control.Errorf(control.NoServer, "start the server: %w", err)
	}
	if err := prepareRunDir(control.RunDir()); err != nil {
		return err
	}
	out, err := os.OpenFile(LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return control.Errorf(control.NoServer, "start the server: open its log: %w", err)
	}
	defer out.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return control.Errorf(control.NoServer, "start the server: %w", err)
	}
	defer r.Close()
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "lc"
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return control.Errorf(control.NoServer, "start the server: %w", err)
	}
	return awaitReady(cmd, r)
}

// awaitReady reads the one line that the server writes: null, or why it did not
// start.
func awaitReady(cmd *exec.Cmd, r io.Reader) error {
	var failed *control.Error
	if err := json.NewDecoder(r).Decode(&failed); err != nil {
		_ = cmd.Wait()
		return control.Errorf(control.NoServer, "the server ended while it started; see %s", LogPath())
	}
	if failed != nil {
		_ = cmd.Wait()
		return fmt.Errorf("start the server: %w", failed)
	}
	if err := cmd.Process.Release(); err != nil {
		return control.Errorf(control.NoServer, "let go of the server: %w", err)
	}
	return nil
}

// TellReady is the ready function of a server that was spawned.
func TellReady(err error) {
	w := os.NewFile(ReadyFD, "ready")
	defer w.Close()
	var failed *control.Error
	if err != nil {
		failed = classify.Classify(err)
	}
	if err := json.NewEncoder(w).Encode(failed); err != nil && !errors.Is(err, unix.EPIPE) {
		fmt.Fprintln(os.Stderr, "report that the server is ready:", err)
	}
}
