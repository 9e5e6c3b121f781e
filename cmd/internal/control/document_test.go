package control

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// declaration is a type or a constant of this package, with the comment above it.
type declaration struct {
	spec ast.Spec
	doc  *ast.CommentGroup
}

// declarations are all of this package, in the order of its files.
func declarations(t *testing.T) []declaration {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []declaration
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, s := range g.Specs {
					all = append(all, declaration{s, g.Doc})
				}
			}
		}
	}
	return all
}

// text is a comment on one line.
func text(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// printed are the verbs that print JSON, and what.
var printed = []struct{ verb, of string }{
	{"`lc list --json`", "List"},
	{"`lc status --json`", "Status"},
	{"`lc daemon status --json`", "DaemonStatus"},
	{"`lc why DEVICE_ID --json`", "Why"},
	{"`lc get PATH --json`", "a list of Attribute"},
	{"`lc features --json`", "Features"},
	{"`lc check DEV --json`", "Check"},
	{"`lc dump DEV … --json`", "a list of Section"},
	{"`lc dump DEV block DEVICE_ID LBA --json`", "Block"},
	{"`lc replay DEV … --json`", "Replay"},
}

const preamble = `# What --json prints

Made from the types of package control by ` + "`go test ./cmd/internal/control -update`" + `; do not edit. An example of each is in
[testdata](testdata).

What a script may lean on: the names of fields, their units and what they mean, that a field without "may be absent" is there, and
that a field of a closed set, at the end, has one of its words. Fields may be added: skip those that you do not know. A word may
be added to a set, for a new state or a new command, and then the changelog says so, as of any other change. A text that is
"in words" is for people, and may read otherwise tomorrow. Sectors have 512 bytes. A number may take 64 bits, for which a double
has no room.

Errors are one line on standard error, also with --json; the exit codes tell them apart, and never change (` + "`lc help exit-codes`" + `).
Between lc and its server the same types travel, in lines of JSON; that is between programs of one version, and nothing to lean on.

| verb | prints |
|---|---|
`

// Document is the contract, made of the source.
func document(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(preamble)
	byName := map[string]message{}
	for _, m := range messages(t) {
		byName[m.name] = m
	}
	var order []string // of the types, as they come up
	for _, p := range printed {
		words := strings.Fields(p.of)
		top := words[len(words)-1]
		fmt.Fprintf(&b, "| %s | %s%s |\n", p.verb, strings.TrimSuffix(p.of, top), link(top))
		order = reach(order, byName, top)
	}
	for _, name := range order {
		describe(&b, byName[name])
	}
	b.WriteString("\n# Closed sets of words\n")
	for _, s := range wordSets(t) {
		s.describe(&b)
	}
	return b.String()
}

// reach adds a type and all that it needs.
func reach(order []string, byName map[string]message, name string) []string {
	m, ok := byName[name]
	if !ok || slices.Contains(order, name) {
		return order
	}
	order = append(order, name)
	for _, f := range m.fields {
		order = reach(order, byName, f.of)
	}
	return order
}

func link(name string) string { return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name)) }

func describe(b *strings.Builder, m message) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| field | type | what it is |\n|---|---|---|\n", m.name, m.doc)
	for _, f := range m.fields {
		if f.key == "" {
			fmt.Fprintf(b, "| | | all fields of %s |\n", link(f.of))
			continue
		}
		kind := kindOf(f.of)
		if f.list && f.of != "Bytes" {
			kind = "list of " + kind
		}
		if f.absent {
			kind += ", may be absent"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.key, kind, f.doc)
	}
}

// kindOf is what a type is in JSON.
func kindOf(name string) string {
	switch name {
	case "string":
		return "text"
	case "bool":
		return "true or false"
	case "int", "int64", "uint8", "uint32", "uint64", "float64":
		return "number"
	case "any":
		return "number or text"
	case "map":
		return "object"
	case "Bytes":
		return "text: hexadecimal digits"
	}
	return link(name)
}

// wordSet is a type whose values are words.
type wordSet struct {
	name, doc string
	words     [][2]string // and what they mean
}

func wordSets(t *testing.T) []*wordSet {
	t.Helper()
	var all []*wordSet
	of := map[string]*wordSet{}
	for _, d := range declarations(t) {
		switch spec := d.spec.(type) {
		case *ast.TypeSpec:
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "string" {
				of[spec.Name.Name] = &wordSet{name: spec.Name.Name, doc: text(d.doc)}
				all = append(all, of[spec.Name.Name])
			}
		case *ast.ValueSpec:
			if id, ok := spec.Type.(*ast.Ident); ok && of[id.Name] != nil {
				s := of[id.Name]
				s.words = append(s.words, [2]string{strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`), text(spec.Comment)})
			}
		}
	}
	return all
}

func (s *wordSet) describe(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| word | what it means |\n|---|---|\n", s.name, s.doc)
	for _, w := range s.words {
		fmt.Fprintf(b, "| `%s` | %s |\n", w[0], w[1])
	}
}

// The document says what the types say, and each field and word says what it is.
func TestDocumentIsCurrent(t *testing.T) {
	const file = "JSON.md"
	want := document(t)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not current; go test ./cmd/internal/control -update writes it anew (-want +got):\n%s", file, diff)
	}
	for line := range strings.Lines(want) {
		if strings.HasSuffix(line, "|  |\n") {
			t.Errorf("nothing says what this is: %s", line)
		}
	}
}

// A word is sent if, and only if, it is of its set; and the sets are those of
// the constants.
func TestWords(t *testing.T) {
	sets := map[string]func(word string) error{
		"CacheState":  func(w string) error { _, err := CacheState(w).MarshalText(); return err },
		"DeviceState": func(w string) error { _, err := DeviceState(w).MarshalText(); return err },
		"Work":        func(w string) error { _, err := Work(w).MarshalText(); return err },
		"LogState":    func(w string) error { _, err := LogState(w).MarshalText(); return err },
		"DamageKind":  func(w string) error { _, err := DamageKind(w).MarshalText(); return err },
	}
	all := wordSets(t)
	if len(all) != len(sets) {
		t.Errorf("%d types are words, and %d are known here", len(all), len(sets))
	}
	for _, s := range all {
		for _, w := range s.words {
			if err := sets[s.name](w[0]); err != nil {
				t.Error(err)
			}
		}
		for _, w := range []string{"", "being resumed", "no node"} {
			if sets[s.name](w) == nil {
				t.Errorf("%s: %q is sent", s.name, w)
			}
		}
	}
}
