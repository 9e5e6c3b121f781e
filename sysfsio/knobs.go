package sysfsio

import (
	"fmt"
	"strings"
	"time"
)

// Markdown is the control tree as a document: a table for each directory.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# The control tree\n\n")
	b.WriteString("Made from the tables of package sysfsio by `go test ./sysfsio -update`; do not edit.\n\n")
	b.WriteString("`lc get PATH` shows a value, `lc set PATH VALUE` changes it. What an attribute does not take is refused and changes nothing.\n")
	types(&b)
	section(&b, "What can be set on a cache, `caches/ID`", CacheAttributes(), true)
	section(&b, "What can be set on a device, `devices/ID`", DeviceAttributes(), true)
	section(&b, "What a cache shows, `caches/ID`", CacheAttributes(), false)
	section(&b, "What a device shows, `devices/ID`", DeviceAttributes(), false)
	return b.String()
}

// types says how what can be set is spelled.
func types(b *strings.Builder) {
	b.WriteString("A plain number counts in the unit of the attribute, which may follow it. The other spellings are those of its type:\n\n")
	b.WriteString("| type | in | it takes |\n|---|---|---|\n")
	fmt.Fprintf(b, "| bool | | %s, %s |\n", onOff.Range(), onOff.Spellings())
	fmt.Fprintf(b, "| integer | | a number, and if its range goes so far %s |\n", strings.TrimPrefix(Integer{}.Spellings(), "or "))
	for _, t := range []Type{Bytes{}, Duration{In: time.Second}, Duration{In: time.Millisecond}, latency} {
		fmt.Fprintf(b, "| %s | %s | a number, %s |\n", t.Name(), t.Unit(), t.Spellings())
	}
}

// section is a table of what can be written, or of what cannot.
func section(b *strings.Builder, title string, list []Attribute, writable bool) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if writable {
		b.WriteString("| name | type | range | default | what it does |\n|---|---|---|---|---|\n")
	} else {
		b.WriteString("| name | type | unit | what it is |\n|---|---|---|---|\n")
	}
	for i := range list {
		a := &list[i]
		switch {
		case a.Mode.Writable() != writable:
		case writable:
			fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", a.Name, a.Type.Name(), a.Type.Range(), a.Default, cell(a.Doc))
		default:
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", a.Name, a.Type.Name(), a.Type.Unit(), cell(a.Doc))
		}
	}
}

// cell keeps a text within its cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
