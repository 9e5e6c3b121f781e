package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

// What a reader has before him at once, in lines: a file, and a function from its
// name to its closing brace.
const (
	mostFile = 400
	mostFunc = 60
	p90Func  = 25
)

// longFiles are those that may be longer, and why.
var longFiles = map[string]string{
	"migrate/migrate.go":         "a batch from its start to its end, in the order of its states",
	"tests/guest/flakey_test.go": "all that goes wrong on one pair of devices, with the words for it",
}

// longFuncs are those that may be longer, and why.
var longFuncs = map[string]string{
	"event":                              "all that may happen next in a run of the simulator, in the order of the choices that a seed makes",
	"TestAHostThatAnswersHalf":           "a table of answers",
	"TestCommands":                       "a table of commands",
	"TestDecide":                         "a table of rules",
	"TestIdentity":                       "a table of disks",
	"TestP1RecordsGoOutOfTheRightMemory": "one device that goes from cache to cache; each step needs those before",
	"TestP8WaysOut":                      "one disk that is refused again and again; each step needs those before",
	"TestStatusTellsTheTruth":            "one cache, whose figures are held against what was done to it",
	"TestThroughTheKernel":               "one device of a real kernel; each step needs those before",
	"TestWritesOutOfRegisteredMemory":    "one ring, whose regions come and go; each step needs those before",
}

func TestSizes(t *testing.T) {
	table, seen := map[string]*row{}, map[string]bool{}
	for _, s := range sources(t) {
		switch reason := longFiles[s.path]; {
		case len(s.text) > mostFile && reason == "":
			t.Errorf("%s has %d lines, more than %d, and no reason is given", s.path, len(s.text), mostFile)
		case len(s.text) <= mostFile && reason != "":
			t.Errorf("%s is no longer that long: take it off the list", s.path)
		}
		top, _, _ := strings.Cut(s.path, "/")
		if s.forTests() {
			top = "*_test.go"
		}
		for _, name := range []string{top, "all"} {
			if table[name] == nil {
				table[name] = &row{}
			}
			table[name].add(&s)
		}
		for _, f := range functions(&s) {
			if s.span(f) <= mostFunc {
				continue
			}
			seen[f.Name.Name] = true
			if longFuncs[f.Name.Name] == "" {
				t.Errorf("%s: %s has %d lines, more than %d, and no reason is given", s.path, f.Name.Name, s.span(f), mostFunc)
			}
		}
	}
	for name := range longFuncs {
		if !seen[name] {
			t.Errorf("%s is no longer that long: take it off the list", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		t.Logf("%-9s %v", name, table[name])
	}
	if n := share(table["all"].funcs, 0.9); n > p90Func {
		t.Errorf("one function in ten has more than %d lines: 90 %% have up to %d", p90Func, n)
	}
}

// row is a line of the table: the sizes of what is below a folder at the top.
type row struct{ files, funcs []int }

func (r *row) add(s *source) {
	r.files = append(r.files, len(s.text))
	for _, f := range functions(s) {
		r.funcs = append(r.funcs, s.span(f))
	}
}

func (r *row) String() string {
	return fmt.Sprintf("%4d files: median %3d, p90 %3d, longest %3d; %5d functions: median %2d, p90 %2d, longest %2d",
		len(r.files), share(r.files, 0.5), share(r.files, 0.9), share(r.files, 1),
		len(r.funcs), share(r.funcs, 0.5), share(r.funcs, 0.9), share(r.funcs, 1))
}

// share is the size that a share of all, 0 … 1, does not exceed.
func share(sizes []int, part float64) int {
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	return sizes[int(part*float64(len(sizes)-1))]
}

// functions are those of a file.
func functions(s *source) (list []*ast.FuncDecl) {
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			list = append(list, f)
		}
	}
	return list
}
