package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

// TestTheSameSignalTwice: timeout(1) sends its signal to the program and then
// to the program's group. The program still waits for what the server has to
// say.
func TestTheSameSignalTwice(t *testing.T) {
	kit.Need(t, kit.Root)
	t.Setenv("LC_RUN_DIR", t.TempDir())
	l, err := net.Listen("unix", control.SocketPath())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	lc := exec.Command("lc", "drain", "3")
	if err := lc.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	if _, err := in.ReadBytes('\n'); err != nil {
		t.Fatal(err)
	}
	if err := lc.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if _, err := in.ReadByte(); err != io.EOF { // it has taken the request back
		t.Fatal(err)
	}
	if err := lc.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	_ = json.NewEncoder(conn).Encode(control.Response{Error: &control.Error{Code: control.Interrupted, Message: "interrupted"}})
	_ = lc.Wait()
	if code := lc.ProcessState.ExitCode(); code != int(control.Interrupted) {
		t.Errorf("exit code %d, want %d", code, control.Interrupted)
	}
}
