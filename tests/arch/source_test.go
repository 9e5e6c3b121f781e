package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// source is a Go file of this repository.
type source struct {
	path string // below the root
	set  *token.FileSet
	file *ast.File
	text []string // its lines
}

// span is how many lines a node of the file takes, without its comment.
func (s *source) span(n ast.Node) int {
	from := n.Pos()
	if f, ok := n.(*ast.FuncDecl); ok {
		from = f.Type.Pos() // the comment is part of the declaration
	}
	return s.set.Position(n.End()).Line - s.set.Position(from).Line + 1
}

// forTests tells whether it is part of no program.
func (s *source) forTests() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources are all Go files of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		s := source{set: token.NewFileSet()}
		if s.path, err = filepath.Rel(root, path); err != nil {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.file, err = parser.ParseFile(s.set, path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s.text = strings.Split(strings.TrimSuffix(string(src), "\n"), "\n")
		all = append(all, s)
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return all
}
