package vm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// guestTest skips where no guest shall be booted, and bounds the test.
func guestTest(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv("LC_VM") == "" {
		t.Skip("boots a guest, which takes seconds and may install packages: set LC_VM=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func boot(t *testing.T, ctx context.Context, c Config) *Machine {
	t.Helper()
	start := time.Now()
	m, err := Boot(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("booted in %v under %s", time.Since(start).Round(10*time.Millisecond), m.Accelerator())
	return m
}

func output(t *testing.T, ctx context.Context, m *Machine, script string) string {
	t.Helper()
	out, err := m.Output(ctx, script)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// TestCommands shares one guest among the things that commands can do.
func TestCommands(t *testing.T) {
	ctx := guestTest(t)
	folder := t.TempDir()
	for name, mode := range map[string]os.FileMode{"a": 0o644, "tool": 0o755} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\necho from "+name+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	m := boot(t, ctx, Config{Udev: true, Files: map[string]string{"/opt/folder": folder}})

	t.Run("exit status and both outputs", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		code, err := m.Run(ctx, Command{Script: "echo out; echo err >&2; exit 3", Stdout: &stdout, Stderr: &stderr})
		if code != 3 || err != nil || stdout.String() != "out\n" || stderr.String() != "err\n" {
			t.Errorf("got %d, %v, %q, %q", code, err, stdout.String(), stderr.String())
		}
	})
	t.Run("input, environment, folder", func(t *testing.T) {
		var stdout bytes.Buffer
		c := Command{Args: []string{"sh", "-c", "pwd; echo $X; cat"}, Dir: "/opt", Env: []string{"X=y"}, Stdin: strings.NewReader("in"), Stdout: &stdout}
		if code, err := m.Run(ctx, c); code != 0 || err != nil || stdout.String() != "/opt\ny\nin" {
			t.Errorf("got %d, %v, %q", code, err, stdout.String())
		}
	})
	t.Run("pushed files", func(t *testing.T) {
		if out := output(t, ctx, m, "/opt/folder/tool; cat /opt/folder/a | tail -1"); out != "from tool\necho from a" {
			t.Errorf("got %q", out)
		}
	})
	t.Run("large input and output", func(t *testing.T) { echoes(t, ctx, m, 8<<20) })
	t.Run("unknown command", func(t *testing.T) {
		if code, err := m.Run(ctx, Command{Args: []string{"no-such-command"}}); err == nil {
			t.Errorf("got exit status %d", code)
		}
	})
	t.Run("a background child does not hold up its parent", func(t *testing.T) {
		start := time.Now()
		output(t, ctx, m, "sleep 60 & echo started")
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("parallel, streamed, signalled", func(t *testing.T) { streams(t, ctx, m) })
	t.Run("the context ends a command", func(t *testing.T) {
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		if _, err := m.Run(short, Command{Script: "sleep 100"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("modules and tools", func(t *testing.T) {
		output(t, ctx, m, `for k in ublk_drv null_blk nbd loop bcache dm-writecache dm-cache-smq dm-flakey dm-delay dm-log-writes xfs btrfs; do modprobe $k; done
			udevadm settle; test -b /dev/nullb0; test -c /dev/ublk-control; dmsetup targets
			echo 'select 1;' | sqlite3 && echo '{}' | jq . && cache_check --version && strace -V && xfs_repair -V && make-bcache --help 2>&1 | head -1`)
	})
	t.Run("shutdown and again", func(t *testing.T) {
		if err := m.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Output(ctx, "true"); err == nil {
			t.Error("a machine that is off runs commands")
		}
		if err := m.PowerOn(ctx); err != nil {
			t.Fatal(err)
		}
		output(t, ctx, m, "true")
	})
}

// echoes sends n bytes through a command and back.
func echoes(t *testing.T, ctx context.Context, m *Machine, n int) {
	in := bytes.Repeat([]byte("0123456789abcdef"), n/16)
	var out bytes.Buffer
	start := time.Now()
	if code, err := m.Run(ctx, Command{Args: []string{"cat"}, Stdin: bytes.NewReader(in), Stdout: &out}); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	if !bytes.Equal(in, out.Bytes()) {
		t.Errorf("%d bytes came back as %d others", len(in), out.Len())
	}
	t.Logf("%d MiB there and back in %v", n>>20, time.Since(start).Round(10*time.Millisecond))
}

// streams runs a command whose output must arrive while it still runs, beside
// another one, and ends it by a signal.
func streams(t *testing.T, ctx context.Context, m *Machine) {
	lines := make(chan string, 100)
	p, err := m.Start(Command{Script: "while echo tick; do sleep 0.1; done", Stdout: writerFunc(func(b []byte) { lines <- string(b) })})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		select {
		case <-lines:
		case <-ctx.Done():
			t.Fatal("no output while the command runs")
		}
	}
	if out := output(t, ctx, m, "echo beside"); out != "beside" {
		t.Errorf("got %q", out)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(ctx); code != 128+int(syscall.SIGTERM) || err != nil {
		t.Errorf("after SIGTERM: %d, %v", code, err)
	}
}

// writerFunc is a writer that drops what its function cannot take.
type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}

// TestPanicIsReported: a guest that dies fails its commands, with the reason.
func TestPanicIsReported(t *testing.T) {
	ctx := guestTest(t)
	m := boot(t, ctx, Config{CPUs: 1})
	_, err := m.Run(ctx, Command{Script: "echo c > /proc/sysrq-trigger; sleep 60"})
	if err == nil || !strings.Contains(err.Error(), "Kernel panic") {
		t.Errorf("got %v", err)
	}
}

func TestBadDiskNames(t *testing.T) {
	for _, name := range []string{"", "root", "a b", "A", "abcdefghijklmnopqrstu"} {
		if err := (Config{Disks: []Disk{{Name: name}}}).check(); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	if err := (Config{Disks: []Disk{{Name: "a"}, {Name: "a"}}}).check(); err == nil {
		t.Error("two disks of one name are accepted")
	}
}

func TestNewestKernel(t *testing.T) {
	if compareVersions("linux-image-6.12.9+deb12-cloud-amd64-unsigned", "linux-image-6.12.117+deb12-cloud-amd64-unsigned") >= 0 {
		t.Error("6.12.9 counts as newer than 6.12.117")
	}
}
