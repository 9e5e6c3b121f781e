package sysfsio

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The document says what the table says.
func TestKnobsAreCurrent(t *testing.T) {
	const file = "KNOBS.md"
	if *update {
		if err := os.WriteFile(file, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Markdown(), string(got)); diff != "" {
		t.Errorf("%s is not current; go test ./sysfsio -update writes it anew (-want +got):\n%s", file, diff)
	}
}
