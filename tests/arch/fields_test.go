package arch

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fieldsRead are the fields of structs that the code of packages reads, by
// package.Type.Field. A field that is only assigned to is not among them, nor one
// that is only copied with the struct around it.
func fieldsRead(t *testing.T, packages ...string) map[string]bool {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f", `{{.ImportPath}} {{.Export}} {{.DepOnly}} {{.Dir}} {{join .GoFiles " "}}`}
	for _, p := range packages {
		args = append(args, module+p)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	exports := map[string]string{}
	var sources [][]string
	for line := range strings.Lines(string(out)) {
		words := strings.Split(strings.TrimSpace(line), " ")
		exports[words[0]] = words[1]
		if words[2] == "false" {
			sources = append(sources, words)
		}
	}
	fset, read := token.NewFileSet(), map[string]bool{}
	of := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, words := range sources {
		readIn(t, fset, of, words[0], words[3], words[4:], read)
	}
	return read
}

// readIn adds what one package reads.
func readIn(t *testing.T, fset *token.FileSet, of types.Importer, path, dir string, names []string, read map[string]bool) {
	t.Helper()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
	if _, err := (&types.Config{Importer: of}).Check(path, fset, files, info); err != nil {
		t.Fatal(err)
	}
	assigned := map[ast.Expr]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
				for _, to := range a.Lhs {
					assigned[to] = true
				}
			}
			return true
		})
	}
	for x, s := range info.Selections {
		if s.Kind() == types.FieldVal && !assigned[x] {
			read[fieldOf(s)] = true
		}
	}
}

// fieldOf names the field that a selection leads to.
func fieldOf(s *types.Selection) string {
	in := s.Recv()
	path := s.Index()
	for _, i := range path[:len(path)-1] {
		in = structOf(in).Field(i).Type()
	}
	if p, ok := in.Underlying().(*types.Pointer); ok {
		in = p.Elem()
	}
	return in.String() + "." + s.Obj().Name()
}

func structOf(t types.Type) *types.Struct {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	return t.Underlying().(*types.Struct)
}
