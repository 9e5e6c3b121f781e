package ublk_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/ublk"
	"golang.org/x/sys/unix"
)

// serverEnv tells the test program to be a server that will be killed; its
// value is the file to serve.
const serverEnv = "UBLK_TEST_SERVER"

// recoveryEnv tells it, when not empty, to make its device with recovery.
const recoveryEnv = "UBLK_TEST_RECOVERY"

// killedFlush is how long that server takes for a flush, so that it can be
// killed with one in its hands.
const killedFlush = 2 * time.Second

func recoverableServer() {
	file, err := os.OpenFile(os.Getenv(serverEnv), os.O_RDWR, 0)
	if err == nil {
		c := diskConfig()
		c.Recovery = os.Getenv(recoveryEnv) != ""
		var dev *ublk.Device
		h := &fileHandler{file: int(file.Fd()), delay: killedFlush}
		if dev, err = ublk.New(context.Background(), c, h); err == nil {
			if err = dev.Start(context.Background()); err == nil {
				fmt.Println(dev.ID())
				select {}
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A server is killed with requests in its hands. The next one takes over, and
// no client sees an error.
func TestRecoverAfterKill(t *testing.T) {
	for name, use := range map[string]func(*testing.T, *os.File){
		"writes": func(t *testing.T, client *os.File) {
			for i := range 4 {
				writeAndVerify(t, client, 0, 1<<20, byte(i))
			}
		},
		"flush": func(t *testing.T, client *os.File) {
			if err := client.Sync(); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { testRecover(t, use) })
	}
}

func testRecover(t *testing.T, use func(*testing.T, *os.File)) {
	needUblk(t)
	path := backingFile(t)
	id, kill := startServer(t, path, true)
	client, err := os.OpenFile(fmt.Sprintf("/dev/ublkb%d", id), os.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		t.Fatal(err)
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		defer client.Close()
		use(t, client)
	}()
	time.Sleep(200 * time.Millisecond)
	kill()

	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	dev, err := ublk.Recover(testContext(t), id, &fileHandler{file: int(file.Fd())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, dev) })
	if info, err := ublk.Stat(testContext(t), id); err != nil || info.State != ublk.Quiesced {
		t.Errorf("before Start: %+v, %v", info, err)
	}
	if err := dev.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-finished:
	case <-time.After(30 * time.Second):
		t.Fatal("the client still waits")
	}
	if got := dev.Config(); got.Queues != 2 || got.Depth != 32 || got.SizeBytes != diskSize || !got.Recovery {
		t.Errorf("config of the recovered device: %+v", got)
	}
}

func backingFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, make([]byte, diskSize), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Without recovery a request in the hands of a killed server fails, soon, and
// the device can be deleted.
func TestWithoutRecoveryClientsSeeErrors(t *testing.T) {
	needUblk(t)
	id, kill := startServer(t, backingFile(t), false)
	client, err := os.OpenFile(fmt.Sprintf("/dev/ublkb%d", id), os.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		defer client.Close()
		result <- client.Sync()
	}()
	time.Sleep(200 * time.Millisecond)
	kill()
	select {
	case err := <-result:
		if !errors.Is(err, unix.EIO) {
			t.Errorf("a flush whose server was killed: %v, want EIO", err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the client still waits")
	}
	deleteDead(t, id)
}

// A device whose server died and is not to come back can be deleted.
func TestDeleteAfterKill(t *testing.T) {
	needUblk(t)
	id, kill := startServer(t, backingFile(t), true)
	kill()
	deleteDead(t, id)
}

func deleteDead(t *testing.T, id int) {
	t.Helper()
	for i := 0; ; i++ {
		err := ublk.Delete(testContext(t), id)
		if err == nil {
			break
		}
		if !errors.Is(err, ublk.ErrBusy) || i == 100 { // the kernel may not have noticed yet
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if _, err := ublk.Stat(testContext(t), id); !errors.Is(err, ublk.ErrNoDevice) {
		t.Errorf("stat after delete: %v", err)
	}
}

func startServer(t *testing.T, path string, recovery bool) (id int, kill func()) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), serverEnv+"="+path)
	if recovery {
		cmd.Env = append(cmd.Env, recoveryEnv+"=1")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if _, serr := fmt.Sscan(strings.TrimSpace(line), &id); err != nil || serr != nil {
		kill()
		t.Fatalf("the server said %q: %v", line, err)
	}
	return id, kill
}
