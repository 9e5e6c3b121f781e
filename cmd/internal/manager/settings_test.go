package manager

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/sysfsio"
)

// TestSettingsAreRead: each setting is sent by the name of its attribute, and is
// looked at by the server, or says that it has no effect.
func TestSettingsAreRead(t *testing.T) {
	read := map[string]bool{}
	settingsRead(t, "*.go", "settings", read)
	settingsRead(t, "../autopilot/*.go", "Settings", read)
	idle := map[string]bool{}
	for _, a := range sysfsio.CacheAttributes() {
		idle[a.Name] = a.NoEffect != ""
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[control.Settings]()) {
		name := f.Tag.Get("json")
		if _, there := idle[name]; !there {
			t.Errorf("%s: there is no attribute of this name", name)
		}
		if read[f.Name] == idle[name] {
			t.Errorf("%s: it is read: %v; it says that it has no effect: %v", name, read[f.Name], idle[name])
		}
	}
}

// settingsRead adds the fields that some files take from a cache's settings, which are x.settings there.
func settingsRead(t *testing.T, pattern, settings string, read map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				readIn(f, settings, read)
			}
		}
	}
}

// readIn adds what a function takes from x.settings, or from a variable that was
// made of its address.
func readIn(f *ast.FuncDecl, settings string, read map[string]bool) {
	isSettings := func(x ast.Expr) bool {
		s, ok := x.(*ast.SelectorExpr)
		return ok && s.Sel.Name == settings
	}
	names := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if u, ok := n.Rhs[0].(*ast.UnaryExpr); ok && u.Op == token.AND && isSettings(u.X) {
				names[n.Lhs[0].(*ast.Ident).Name] = true
			}
		case *ast.SelectorExpr:
			if v, ok := n.X.(*ast.Ident); isSettings(n.X) || ok && names[v.Name] {
				read[n.Sel.Name] = true
			}
		}
		return true
	})
}
