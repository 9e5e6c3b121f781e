package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/server"
)

// call asks the running server.
func call(cmd *cobra.Command, verb string, args, result any) error {
	conn, err := control.Dial()
	if errors.Is(err, control.ErrNoServer) {
		return control.Errorf(control.NoServer, "%w; `lc resume`, `lc create`, `lc daemon start` and `lc server` start one", err)
	}
	if err != nil {
		return err
	}
	return roundTrip(cmd, conn, verb, args, result)
}

// callStarting asks the server, and starts one if none runs.
func callStarting(cmd *cobra.Command, verb string, args, result any) error {
	conn, err := control.Dial()
	if !errors.Is(err, control.ErrNoServer) {
		if err != nil {
			return err
		}
		return roundTrip(cmd, conn, verb, args, result)
	}
	if conn, err = spawn(); err != nil {
		return err
	}
	err = roundTrip(cmd, conn, verb, args, result)
	if err != nil {
		stopIfIdle()
	}
	return err
}

// spawnLimit is how long another server may take to come up, or to end.
const spawnLimit = 5 * time.Second

// spawn starts a server and connects to it. Another lc may have been faster, or
// another server be about to end: then it tries again.
func spawn() (net.Conn, error) {
	for deadline := time.Now().Add(spawnLimit); ; time.Sleep(20 * time.Millisecond) {
		err := server.Spawn("server", "--"+spawnedFlag)
		if err != nil && (classify.Classify(err).Code != control.Taken || time.Now().After(deadline)) {
			return nil, err
		}
		conn, err := control.Dial()
		if err == nil || !errors.Is(err, control.ErrNoServer) || time.Now().After(deadline) {
			return conn, err
		}
	}
}

// stopIfIdle ends a server that was started for a verb which was then refused: a
// refusal changes nothing. It stays if it has got something to do meanwhile.
func stopIfIdle() {
	conn, err := control.Dial()
	if err != nil {
		return
	}
	_ = control.Call(context.Background(), conn, control.VerbShutdown, control.ShutdownArgs{IfIdle: true}, nil, nil)
}

func roundTrip(cmd *cobra.Command, conn net.Conn, verb string, args, result any) error {
	p := newProgress(cmd.ErrOrStderr())
	err := control.Call(cmd.Context(), conn, verb, args, result, p.show)
	p.end()
	return err
}

// do asks for something to be done, and prints the sentence that the server
// answers.
func do(cmd *cobra.Command, ask func(*cobra.Command, string, any, any) error, verb string, args any) error {
	var done control.Done
	if err := ask(cmd, verb, args, &done); err != nil {
		return err
	}
	printDone(cmd.OutOrStdout(), done)
	return nil
}

func printDone(w io.Writer, d control.Done) {
	if d.Text != "" {
		fmt.Fprintln(w, d.Text)
	}
}

// parseID takes an id off the command line.
func parseID(what, arg string) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return 0, control.Errorf(control.BadValue, "%s id %q is not a number; ids go from 1 to 127", what, arg)
	}
	return n, control.CheckID(what, n)
}

// absolute makes a path mean the same to the server, which lives in another
// directory.
func absolute(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return abs, nil
}

func absoluteAll(paths []string) (err error) {
	for i := range paths {
		if paths[i], err = absolute(paths[i]); err != nil {
			return err
		}
	}
	return nil
}
