package control

import (
	"strings"
	"testing"
)

func TestCheckLabel(t *testing.T) {
	for label, ok := range map[string]bool{
		"": true, "fast": true, "Größe 1": true, "two words": true, strings.Repeat("x", 32): true,
		strings.Repeat("x", 33): false, "a\nb": false, "\x1b[31mred": false, "bad\xff": false, " front": false, "back ": false,
		"\u00a0": false, "right\u202eleft": false, "tab\t": false, "\x00": false, "\x7f": false,
	} {
		err := CheckLabel(label)
		if (err == nil) != ok {
			t.Errorf("%q: %v", label, err)
		}
		if err != nil && (codeOf(err) != BadValue || strings.ContainsAny(err.Error(), "\n\x1b")) {
			t.Errorf("%q: %v: %q", label, codeOf(err), err.Error())
		}
		if shown := Show(label); ok && shown != label || strings.ContainsAny(shown, "\n\x1b\u202e") || strings.Contains(shown, "\xff") {
			t.Errorf("%q is shown as %q", label, shown)
		}
	}
}
