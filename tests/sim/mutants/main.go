// Mutants puts deliberate bugs into a copy of the tree, one at a time, and
// runs the tests on it. A bug that no test notices is a hole in the proof.
//
//	go run ./tests/sim/mutants [-run pattern] [-v] [-update]
//
// It is started in the root of the repository. The bugs are the patches in
// tests/sim/testdata/mutants; each patch's name says what it breaks, and
// killers.txt there which test notices it. That one is tried first, and all
// others if it does not; -update writes down who did.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// parts are what a copy needs of the tree.
var parts = []string{"go.mod", "go.sum", "segment", "logcache", "migrate", "ublk/uring", "tests/kit", "tests/sim", "tests/race"}

// trials are tried in turn until one fails: the tests of single promises first.
var trials = [][]string{
	{"./tests/sim", "-run", "TestP|Dmlc"},
	{"./segment", "./segment/witness", "./migrate/...", "./logcache"},
	{"./tests/sim", "-run", "EveryIO|InRecovery|Seeds|Exhaustive", "-sim.k=1"},
	{"./tests/sim", "-run", "TestRandom", "-sim.seeds=300"},
	{"./tests/sim", "-run", "TestExhaustive", "-sim.k=2"},
}

// threaded is the only trial of the mutants whose names begin with race-: what
// threads do to each other, one goroutine does not show. It hangs if it takes
// longer than [hangs].
var threaded = [][]string{{"-race", "-timeout=4m", "./tests/race"}}

// paced are the trials of the mutants whose names begin with pace-: a clock of
// their own, and the simulator's.
var paced = [][]string{
	{"./migrate/pace"},
	{"./tests/sim", "-run", "TestRandom", "-sim.seeds=300"},
}

// trialsOf chooses who may find a mutant.
func trialsOf(name string) [][]string {
	switch kind, _, _ := strings.Cut(name, "-"); kind {
	case "race":
		return threaded
	case "pace":
		return paced
	}
	return trials
}

const (
	// patience is for one trial: several times what it takes.
	patience = 8 * time.Minute
	// hangs is from when on a single test that has not ended counts as one that a
	// mutant has hang: they take less than half a minute each. A trial that is late
	// without such a test says nothing but that the machine is slow.
	hangs = 3 * time.Minute
)

func main() {
	run := flag.String("run", "", "only mutants whose name matches")
	update := flag.Bool("update", false, "write down in killers.txt which test has noticed each mutant")
	verbose := flag.Bool("v", false, "show what the tests print")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "mutants: I take no arguments: -run %s chooses by name\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := all(*run, *verbose, *update); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func all(pattern string, verbose, update bool) error {
	want, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	patches, err := filepath.Glob("tests/sim/testdata/mutants/*.patch")
	if err != nil || len(patches) == 0 {
		return fmt.Errorf("no mutants found: start me in the root of the repository (%v)", err)
	}
	known, err := readKillers()
	if err != nil {
		return err
	}
	killed, tried := 0, 0
	for _, p := range patches {
		name := strings.TrimSuffix(filepath.Base(p), ".patch")
		if !want.MatchString(name) {
			continue
		}
		tried++
		begun := time.Now()
		by, err := kill(p, known[name], verbose)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if by == "" {
			by = "NOBODY"
		} else {
			killed++
			known[name] = by
		}
		fmt.Printf("%-34s killed by %s (%.0f s)\n", name, by, time.Since(begun).Seconds())
	}
	fmt.Printf("%d of %d mutants killed\n", killed, tried)
	if update {
		if err := known.save(); err != nil {
			return err
		}
	}
	if killed < tried {
		return fmt.Errorf("%d mutants live", tried-killed)
	}
	return nil
}

// kill tells which test notices a mutant, of which one may be known that did; "" if
// none does.
func kill(patch, known string, verbose bool) (string, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	for _, p := range parts {
		if err := command("", "cp", "-a", "--parents", p, dir); err != nil {
			return "", err
		}
	}
	abs, err := filepath.Abs(patch)
	if err != nil {
		return "", err
	}
	if err := command(dir, "patch", "-s", "-p1", "-i", abs); err != nil {
		return "", err
	}
	for _, trial := range append(knownTrial(dir, filepath.Base(patch), known), trialsOf(filepath.Base(patch))...) {
		if by, err := try(dir, trial, verbose); by != "" || err != nil {
			return by, err
		}
	}
	return "", nil
}

// knownTrial is the trial of the test that noticed a mutant before. What only
// threads do to each other, it would not show without the race detector: that
// has one trial.
func knownTrial(dir, patch, test string) [][]string {
	if strings.HasPrefix(patch, "race-") {
		return nil
	}
	return trialOf(dir, test)
}

func command(dir, name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// unbuilt is in what a test of something that does not compile prints.
var unbuilt = regexp.MustCompile(`\[(build|setup) failed\]`)

// try runs tests and returns the name of one that fails. Paths are left out of
// what is compiled, so that what a mutant does not change is compiled once.
func try(dir string, trial []string, verbose bool) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience+time.Minute)
	defer cancel()
	args := []string{"test", "-trimpath", "-short", "-failfast", fmt.Sprintf("-timeout=%v", patience)}
	c := exec.CommandContext(ctx, "go", append(args, trial...)...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if verbose {
		os.Stdout.Write(out)
	}
	if err == nil {
		return "", nil
	}
	if unbuilt.Match(out) {
		return "", fmt.Errorf("it does not compile: %s", out)
	}
	if names := failed.FindAllSubmatch(out, -1); len(names) > 0 {
		return string(names[len(names)-1][1]), nil
	}
	return verdict(out, trial)
}

// running is what a test program prints of the test that it was in when its
// time was up.
var running = regexp.MustCompile(`(?m)^panic: test timed out.*\n\s*running tests:\n\s*(\S+) \((\S+)\)`)

// verdict tells which test has hung or panicked, of a program that did not come to
// the end of one.
func verdict(out []byte, trial []string) (string, error) {
	late := running.FindSubmatch(out)
	if late == nil {
		return strings.Join(trial, " ") + ": it panics", nil
	}
	if d, err := time.ParseDuration(string(late[2])); err != nil || d < hangs {
		return "", fmt.Errorf("%s is too slow here: after %v it was in %s, for %s", strings.Join(trial, " "), patience, late[1], late[2])
	}
	return string(late[1]) + ", which hangs", nil
}
