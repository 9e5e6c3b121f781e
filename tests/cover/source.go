package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
)

// describe gives each block the name of its function and its text, which stay
// what they are when something else in the file changes.
func describe(blocks []*block) error {
	files := map[string]*source{}
	for _, b := range blocks {
		s := files[b.file]
		if s == nil {
			var err error
			if s, err = readSource(b.file); err != nil {
				return err
			}
			files[b.file] = s
		}
		b.function, b.text = s.function(b.line), s.text(b)
	}
	return nil
}

// source is a file of Go.
type source struct {
	lines     []string
	functions []function
}

// function has a name, and lines from first to last.
type function struct {
	name        string
	first, last int
}

func readSource(path string) (*source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, string(text))
}

func parse(path, text string) (*source, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, text, 0)
	if err != nil {
		return nil, err
	}
	s := &source{lines: strings.Split(text, "\n")}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			s.functions = append(s.functions, function{nameOf(d), set.Position(d.Pos()).Line, set.Position(d.End()).Line})
		}
	}
	return s, nil
}

// nameOf is Type.Method or the name of a function.
func nameOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if g, ok := t.(*ast.IndexExpr); ok {
		t = g.X
	}
	return t.(*ast.Ident).Name + "." + d.Name.Name
}

// function is the one that has a line; a function value of a package has no name.
func (s *source) function(line int) string {
	for _, f := range s.functions {
		if f.first <= line && line <= f.last {
			return f.name
		}
	}
	return "-"
}

// text is a block in one line, from the start of its first one: the condition that
// leads to it is in there. One that only tests an error says where that came from.
func (s *source) text(b *block) string {
	from := b.line
	if t := strings.TrimSpace(s.lines[from-1]); t == "if err != nil {" && from > 1 {
		from--
	}
	last := s.lines[b.endLine-1]
	lines := append(append([]string{}, s.lines[from-1:b.endLine-1]...), last[:min(b.endCol-1, len(last))])
	return strings.Join(strings.Fields(strings.Join(lines, "\n")), " ")
}
