package server

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
	read := settingsRead(t)
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

// settingsRead are the fields that the server takes from a cache's settings.
func settingsRead(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
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
				readIn(f, read)
			}
		}
	}
	return read
}

// readIn adds what a function takes from x.settings, or from a variable that was
// made of its address.
func readIn(f *ast.FuncDecl, read map[string]bool) {
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

func isSettings(x ast.Expr) bool {
	s, ok := x.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "settings"
}
