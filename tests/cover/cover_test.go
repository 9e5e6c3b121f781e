package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `package p

func plain(err error) error {
	n, err := f()
	if err != nil {
		return err
	}
	if n > 0 { // one
		return nil
	}
	return g(
		n)
}

func (t *T[int]) method() { g(1) }
`

// A block has the name of its function, and a text that says which it is.
func TestNamesOfBlocks(t *testing.T) {
	s, err := parse("p/p.go", sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		b          block
		name, text string
	}{
		{block{line: 5, column: 16, endLine: 7, endCol: 3}, "plain", "n, err := f() if err != nil { return err }"},
		{block{line: 8, column: 12, endLine: 10, endCol: 3}, "plain", "if n > 0 { // one return nil }"},
		{block{line: 11, column: 2, endLine: 12, endCol: 5}, "plain", "return g( n)"},
		{block{line: 15, column: 27, endLine: 15, endCol: 35}, "T.method", "func (t *T[int]) method() { g(1) }"},
	} {
		if name, text := s.function(c.b.line), s.text(&c.b); name != c.name || text != c.text {
			t.Errorf("line %d: %q of %q, want %q of %q", c.b.line, text, name, c.text, c.name)
		}
	}
}

const excepted = "p/p.go plain: return g( n)\n\tNobody comes here.\n"

// verdicts are on lists, and on how often the blocks at lines 5, 8 and 11 are
// reached.
var verdicts = []struct {
	name, list string
	counts     [3]int // of the blocks at lines 5, 8 and 11
	ok         bool
}{
	{"all is reached", "", [3]int{1, 1, 1}, true},
	{"one is not", "", [3]int{1, 1, 0}, false},
	{"and is excepted", excepted, [3]int{1, 1, 0}, true},
	{"another is", excepted, [3]int{1, 0, 1}, false},
	{"it is reached all the same", excepted, [3]int{1, 1, 1}, false},
	{"as it may be", strings.Replace(excepted, "Nobody comes", "Sometimes one comes", 1), [3]int{1, 1, 1}, true},
	{"or not", strings.Replace(excepted, "Nobody comes", "Sometimes one comes", 1), [3]int{1, 1, 0}, true},
	{"twice", excepted + excepted, [3]int{1, 1, 0}, false},
	{"one that is gone", "p/p.go plain: return h()\n\tSometimes.\n", [3]int{1, 1, 1}, false},
	{"two with one reason", "p/p.go plain: if n > 0 { // one return nil }\n" + excepted, [3]int{1, 0, 0}, true},
}

// profiles writes two, each of which has the counts of half of the blocks.
func profiles(t *testing.T, counts [3]int) {
	for j, name := range []string{"one", "two"} {
		text := "mode: set\n"
		for i, at := range []string{"5.16,7.3", "8.12,10.3", "11.2,12.5"} {
			n := 0
			if i%2 == j {
				n = counts[i]
			}
			text += fmt.Sprintf("%sp/p.go:%s 1 %d\n", module, at, n)
		}
		must(t, os.WriteFile(name, []byte(text), 0o644))
	}
}

// What the list says is held against the profiles, in both directions.
func TestVerdict(t *testing.T) {
	for _, c := range verdicts {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			must(t, os.MkdirAll("p", 0o755))
			must(t, os.MkdirAll(filepath.Dir(exceptionsFile), 0o755))
			must(t, os.WriteFile("p/p.go", []byte(sample), 0o644))
			must(t, os.WriteFile(exceptionsFile, []byte("# a list\n\n"+c.list), 0o644))
			profiles(t, c.counts)
			if err := check([]string{"one", "two"}); (err == nil) != c.ok {
				t.Error(err)
			}
		})
	}
}

// Of blocks that look the same, an exception is of one that is not reached.
func TestTwins(t *testing.T) {
	blocks := []*block{{text: "return", reached: true}, {text: "return"}}
	if stale := match(blocks, []*exception{{text: "return", reason: "Sometimes."}}); len(stale) > 0 || blocks[1].exception == nil {
		t.Error("it went to the other")
	}
}

// A list without reasons is none, nor is a profile of another form.
func TestBadInput(t *testing.T) {
	for _, text := range []string{"\ta reason for nothing\n", "p/p.go f: x\n", "p/p.go: x\n\tBecause.\n", "x\n\tBecause.\n", "p/p.go f: x\n\tBecause.\np/p.go f: y\n"} {
		if list, err := readExceptions(strings.NewReader(text)); err == nil {
			t.Errorf("%q is a list of %d", text, len(list))
		}
	}
	name := filepath.Join(t.TempDir(), "profile")
	for _, text := range []string{"", "mode: set\n", "nothing", module + "p.go:1.2 1 1", module + "p.go:1.2,3.4 one 1", module + "p.go"} {
		must(t, os.WriteFile(name, []byte(text), 0o644))
		if blocks, err := readProfiles([]string{name}); err == nil {
			t.Errorf("%q is a profile of %d blocks", text, len(blocks))
		}
	}
	if _, err := readProfiles([]string{name + ".none"}); err == nil {
		t.Error("a profile that is not there was read")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
