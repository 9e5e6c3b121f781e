package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// pure are the folders whose code neither waits nor reads a clock: the
// simulator runs it.
var pure = []string{"logcache", "logcache/index", "migrate", "migrate/pace", "segment", "segment/block", "segment/witness"}

// excepted are the places that may, and why.
var excepted = map[string]string{
	"logcache/index/arena.go golang.org/x/sys":    "the index lives in memory of its own, outside the collected heap",
	"logcache/index/loader_ahead.go go statement": "takes memory ahead of the loader; its stop ends it",
	"logcache/index/loader_merge.go go statement": "its workers, which load waits for",
	"segment/readahead.go go statement":           "read-ahead of recovery, which ends with it",
}

func TestPurePackages(t *testing.T) {
	seen := map[string]bool{}
	for _, dir := range pure {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, what := range impure(t, file) {
				place := dir + "/" + filepath.Base(file) + " " + what
				seen[place] = true
				if excepted[place] == "" {
					t.Errorf("%s, and no reason is given", place)
				}
			}
		}
	}
	for place := range excepted {
		if !seen[place] {
			t.Errorf("%s is no more: take it off the list", place)
		}
	}
}

// impure lists what a file does that a pure one does not.
func impure(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			if strings.HasPrefix(n.Path.Value, `"golang.org/x/sys`) {
				found = append(found, "golang.org/x/sys")
			}
		case *ast.GoStmt:
			found = append(found, "go statement")
		case *ast.SelectorExpr:
			found = append(found, called(n)...)
		}
		return true
	})
	return found
}

// called is the clock or the goroutine that a selector names.
func called(s *ast.SelectorExpr) []string {
	if s.Sel.Name == "Go" {
		return []string{"go statement"}
	}
	pkg, ok := s.X.(*ast.Ident)
	if ok && pkg.Name == "time" && (s.Sel.Name == "Now" || s.Sel.Name == "Sleep") {
		return []string{"time." + s.Sel.Name}
	}
	return nil
}
