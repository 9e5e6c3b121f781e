package sysfsio

import "testing"

// The document says what the tables say.
func TestKnobsAreCurrent(t *testing.T) { golden(t, "KNOBS.md", Markdown()) }
