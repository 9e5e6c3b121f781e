package control

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files and the document anew")

// goldens are the messages, by the names of their files.
var goldens = map[string]any{
	"list": list, "status": status, "daemon-status": status.Daemon, "why": why, "get": attributes, "features": features,
	"check": check, "dump": dump, "dump-block": block, "replay": replay, "damage": damage, "answers": answers, "requests": requests,
}

// raw is a message within another. What it is made of counts as covered.
func raw(v any) json.RawMessage {
	inner = append(inner, v)
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// inner are the messages that raw was given.
var inner []any

// Scripts lean on the messages: a field may be added, with its golden file, and
// none may be renamed or go.
func TestGoldens(t *testing.T) {
	if files, err := filepath.Glob("testdata/*"); err != nil || len(files) != len(goldens) && !*update {
		t.Errorf("%d golden files for %d messages, %v", len(files), len(goldens), err)
	}
	for name, v := range goldens {
		var got bytes.Buffer
		e := json.NewEncoder(&got)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s has changed, and scripts may lean on it; go test ./cmd/internal/control -update writes it anew (-want +got):\n%s", file, diff)
		}
	}
}

// What comes out of a golden file goes in again: the client loses nothing of
// what the server sends.
func TestGoldensAreUnderstood(t *testing.T) {
	for name, v := range goldens {
		if name == "dump" || name == "dump-block" {
			continue // they are only printed
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(v))
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(back.Interface()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again, err := json.Marshal(back.Interface())
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s comes back as %s, %v; want %s", name, again, err, b)
		}
	}
}

// Each field of each message is in a golden file, and has a value there.
func TestGoldensCoverAll(t *testing.T) {
	set := map[string]bool{} // by Type.Field: whether it is set anywhere
	for _, v := range goldens {
		cover(reflect.ValueOf(v), set)
	}
	for _, v := range inner {
		cover(reflect.ValueOf(v), set)
	}
	for field, is := range set {
		if !is {
			t.Errorf("%s is set in no golden file", field)
		}
	}
	for _, m := range messages(t) {
		for _, f := range m.fields {
			if _, found := set[m.name+"."+f.name]; !found {
				t.Errorf("%s.%s is in no golden file", m.name, f.name)
			}
		}
	}
}

func cover(v reflect.Value, set map[string]bool) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				name := v.Type().Name() + "." + f.Name
				set[name] = set[name] || !v.Field(i).IsZero()
				cover(v.Field(i), set)
			}
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			cover(v.Index(i), set)
		}
	case reflect.Pointer:
		cover(v.Elem(), set)
	}
}

// message is a type that is sent or printed, as its source has it.
type message struct {
	name, doc string
	fields    []field
}

// field is a field of a message, or a message that it has all fields of.
type field struct {
	name, key, of, doc string
	list, absent       bool // it has several; it may be left out
}

// messages are all types with names in JSON.
func messages(t *testing.T) []message {
	t.Helper()
	var all []message
	for _, d := range declarations(t) {
		spec, ok := d.spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			m := message{name: spec.Name.Name, doc: text(d.doc), fields: fieldsOf(s)}
			if len(m.fields) > 0 {
				all = append(all, m)
			}
		}
	}
	return all
}

func fieldsOf(s *ast.StructType) []field {
	var all []field
	for _, f := range s.Fields.List {
		of, list := typeOf(f.Type)
		if len(f.Names) == 0 {
			all = append(all, field{name: of, of: of})
			continue
		}
		if f.Tag == nil {
			continue
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		key, options, _ := strings.Cut(tag, ",")
		all = append(all, field{name: f.Names[0].Name, key: key, of: of, list: list, absent: options == "omitempty", doc: text(f.Comment)})
	}
	return all
}

// typeOf names a type, or that of the elements of a list.
func typeOf(x ast.Expr) (name string, list bool) {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name, false
	case *ast.StarExpr:
		return typeOf(x.X)
	case *ast.ArrayType:
		name, _ = typeOf(x.Elt)
		return name, true
	case *ast.SelectorExpr:
		return x.Sel.Name, false
	case *ast.MapType:
		return "map", false
	}
	return "?", false
}
