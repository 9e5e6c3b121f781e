package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// killers has, by mutant, the test that noticed it last.
type killers map[string]string

const killersFile = "tests/sim/testdata/mutants/killers.txt"

func readKillers() (killers, error) {
	k := killers{}
	f, err := os.Open(killersFile)
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, test, ok := strings.Cut(lines.Text(), " "); ok {
			k[name] = strings.TrimSpace(test)
		}
	}
	return k, lines.Err()
}

func (k killers) save() error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(k)) {
		if !strings.ContainsAny(k[name], " :") { // else it is no test's name
			fmt.Fprintf(&b, "%s %s\n", name, k[name])
		}
	}
	return os.WriteFile(killersFile, []byte(b.String()), 0o644)
}

// trialOf is the trial of one test, in the package of the copy that has it; none if
// it is not there any more, or has no name.
func trialOf(dir, test string) [][]string {
	name, _, _ := strings.Cut(test, "/")
	if name == "" || strings.ContainsAny(name, " :") {
		return nil
	}
	cmd := exec.Command("grep", "-rlE", "--include=*_test.go", "^func "+name+"\\(", ".")
	cmd.Dir = dir
	out, err := cmd.Output()
	files := strings.Fields(string(out))
	if err != nil || len(files) != 1 {
		return nil
	}
	return [][]string{{"./" + filepath.Dir(files[0]), "-run", "^" + name + "$"}}
}
