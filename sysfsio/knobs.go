package sysfsio

import (
	"fmt"
	"strings"
)

// Markdown is the control tree as a document: a table for each directory.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# The control tree\n\n")
	b.WriteString("Made from the table of package sysfsio by `go test ./sysfsio -update`; do not edit.\n\n")
	b.WriteString("`lc get PATH` shows a value, `lc set PATH VALUE` changes it. A value out of its range is refused and changes nothing.\n")
	section(&b, "What can be set on a cache, `caches/ID`", CacheAttributes(), true)
	section(&b, "What can be set on a device, `devices/ID`", DeviceAttributes(), true)
	section(&b, "What a cache shows, `caches/ID`", CacheAttributes(), false)
	section(&b, "What a device shows, `devices/ID`", DeviceAttributes(), false)
	return b.String()
}

// section is a table of what can be written, or of what cannot.
func section(b *strings.Builder, title string, list []Attribute, writable bool) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if writable {
		b.WriteString("| name | range | default | what it does |\n|---|---|---|---|\n")
	} else {
		b.WriteString("| name | unit | what it is |\n|---|---|---|\n")
	}
	for i := range list {
		a := &list[i]
		switch {
		case a.Mode.Writable() != writable:
		case writable:
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", a.Name, a.Range(), a.Default, cell(a.Doc))
		default:
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", a.Name, a.Unit, cell(a.Doc))
		}
	}
}

// cell keeps a text within its cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
