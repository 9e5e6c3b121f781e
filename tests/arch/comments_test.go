package arch

import (
	"go/ast"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whoever meets a name in another package learns what it means without reading the
// code behind it.
func TestExportedNamesHaveComments(t *testing.T) {
	for _, s := range sources(t) {
		if s.forTests() {
			continue
		}
		for _, name := range bare(s.file) {
			t.Errorf("%s: %s is exported, and has no comment", s.path, name)
		}
	}
}

// bare lists the exported names of a file that have no comment. A method that says
// what its interface says needs none.
func bare(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Name.IsExported() && shown(d.Recv) && d.Doc == nil && name != "String" && name != "Error" {
				names = append(names, name)
			}
		case *ast.GenDecl:
			names = append(names, bareSpecs(d)...)
		}
	}
	return names
}

// shown tells whether a method's receiver is exported; a function has none.
func shown(recv *ast.FieldList) bool {
	if recv == nil {
		return true
	}
	x := recv.List[0].Type
	for {
		switch t := x.(type) {
		case *ast.StarExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return true
		}
	}
}

// bareSpecs is bare for constants, variables and types. One comment may be of all
// in a block of constants or variables, or name several of them.
func bareSpecs(d *ast.GenDecl) (names []string) {
	before := ""
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && (d.Doc == nil || d.Lparen.IsValid()) {
				names = append(names, s.Name.Name)
			}
		case *ast.ValueSpec:
			if s.Doc != nil {
				before = s.Doc.Text()
			}
			for _, n := range s.Names {
				named := d.Doc != nil || s.Doc != nil || s.Comment != nil || strings.Contains(before, n.Name)
				if n.IsExported() && !named {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}

// widest is how wide a line of a comment may be, in columns, a tab being 4. They
// are wrapped at 80, and a word more that would stand alone may stay.
const widest = 84

// Comments are read side by side with code and with one another.
func TestCommentsAreWrapped(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				at := s.set.Position(c.Pos())
				if n := proseWidth(s.text[at.Line-1], c.Text); n > widest {
					t.Errorf("%s:%d: a line of %d columns in a comment; %d are the most", s.path, at.Line, n, widest)
				}
			}
		}
	}
}

// proseWidth is the width of a line that is nothing but text of a comment; else 0.
// Tables and pictures are set off by a tab.
func proseWidth(line, comment string) int {
	indent, all := strings.CutSuffix(line, comment)
	if !all || strings.Trim(indent, "\t") != "" || !strings.HasPrefix(comment, "// ") {
		return 0
	}
	return 4*len(indent) + utf8.RuneCountInString(comment)
}
