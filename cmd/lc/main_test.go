package main

import (
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

// TestMain makes the test binary lc, under all of its names.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"lc": main, "lc-format-cache": main, "lc-resume": main, "lc-resume-cache": main, "lc-free-cache": main, "lc-list": main, "lc-attach": main,
	})
}

func TestScripts(t *testing.T) {
	if kit.Has(kit.Ublk) {
		t.Skip("these scripts tell what happens without ublk")
	}
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	run(t, scripts, nil)
}

// TestUblkScripts wants a kernel with ublk, and two disks that are its own:
// those in the environment, as in the guest, or loop devices.
func TestUblkScripts(t *testing.T) {
	kit.Need(t, kit.Ublk)
	ssd, hdd := os.Getenv("ssd"), os.Getenv("hdd")
	if ssd == "" || hdd == "" {
		ssd, hdd = kit.LoopDevice(t, kit.Disk(t, "ssd", 64<<20)), kit.LoopDevice(t, kit.Disk(t, "hdd", 64<<20))
	}
	scripts, err := filepath.Glob("testdata/ublk/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts { // one after the other: they share the disks
		t.Run(filepath.Base(s), func(t *testing.T) { run(t, []string{s}, []string{"SSD=" + ssd, "HDD=" + hdd}) })
	}
}

func run(t *testing.T, scripts, vars []string) {
	kit.Need(t, kit.Root)
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(env *testscript.Env) error {
			run, err := os.MkdirTemp("", "lc") // a socket's path must be short
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(run) })
			env.Vars = append(env.Vars, vars...)
			env.Setenv("LC_RUN_DIR", filepath.Join(run, "run"))
			env.Setenv("LC_STATE_DIR", filepath.Join(run, "state"))
			return nil
		},
		Condition: func(cond string) (bool, error) { return cond == "loop" && kit.Has(kit.Loop), nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"disk": cmdDisk, "loop": cmdLoop, "code": cmdCode, "until": cmdUntil, "oneline": cmdOneLine, "mount": cmdMount, "umount": cmdUmount,
			"golden": cmdGolden, "flip": cmdFlip,
		},
	})
}

// cmdDisk makes files that stand for disks: disk SIZE NAME...
func cmdDisk(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	for _, name := range args[1:] {
		ts.Check(os.WriteFile(ts.MkAbs(name), nil, 0o600))
		ts.Check(os.Truncate(ts.MkAbs(name), n<<20))
	}
}

// cmdGolden unpacks a cache of the golden images: golden NAME FILE
func cmdGolden(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Open(filepath.Join(goldenDir, args[0]+".img.gz"))
	ts.Check(err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	ts.Check(err)
	b, err := io.ReadAll(z)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}

// goldenDir is absolute, because scripts run elsewhere.
var goldenDir, _ = filepath.Abs("../../segment/testdata")

// cmdFlip flips a bit of a file: flip FILE OFFSET
func cmdFlip(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	b[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// cmdCode wants an exit code: code N PROGRAM ARGUMENT...
func cmdCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// cmdUntil runs a program again and again until it succeeds: until PROGRAM
// ARGUMENT...
func cmdUntil(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := ts.Exec(args[0], args[1:]...)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: %v", strings.Join(args, " "), err)
		}
	}
}

// cmdOneLine wants standard error to end with the one line that lc says of a
// refusal: oneline VERB. On a slow host there may be progress before it.
func cmdOneLine(ts *testscript.TestScript, _ bool, args []string) {
	said := ts.ReadFile("stderr")
	_, refusal, _ := strings.Cut("\n"+said, "\nlc: ")
	if strings.Count(refusal, "\n") != 1 || !strings.HasPrefix(refusal, args[0]+": ") {
		ts.Fatalf("not one line of lc %s: %q", args[0], said)
	}
}

// cmdLoop puts a loop device over a file and its path into a variable: loop
// VARIABLE FILE
func cmdLoop(ts *testscript.TestScript, _ bool, args []string) {
	out, err := exec.Command("losetup", "--find", "--show", ts.MkAbs(args[1])).Output()
	ts.Check(err)
	dev := strings.TrimSpace(string(out))
	ts.Setenv(args[0], dev)
	ts.Defer(func() {
		_ = exec.Command("blockdev", "--setrw", dev).Run() // a loop device remembers what a script that failed has left
		ts.Check(exec.Command("losetup", "--detach", dev).Run())
	})
}

// cmdMount mounts a device until the end of the script: mount DEV DIRECTORY TYPE
func cmdMount(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(unix.Mount(args[0], ts.MkAbs(args[1]), args[2], 0, ""))
	ts.Defer(func() { _ = unix.Unmount(ts.MkAbs(args[1]), unix.MNT_DETACH) })
}

// cmdUmount unmounts before that: umount DIRECTORY
func cmdUmount(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(unix.Unmount(ts.MkAbs(args[0]), 0))
}
