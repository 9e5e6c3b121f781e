package vm

import (
	"bytes"
	"strings"
	"testing"
)

func TestConsoleKeepsTailAndFirstComplaint(t *testing.T) {
	var also bytes.Buffer
	c := &console{also: &also}
	for _, s := range []string{"all is well\r\nBU", "G: unable to handle\r\n", "Kernel panic - not syncing\r\n"} {
		if _, err := c.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.complaint(); got != "BUG: unable to handle" {
		t.Errorf("complaint: %q", got)
	}
	if got := also.String(); got != "all is well\nBUG: unable to handle\nKernel panic - not syncing\n" {
		t.Errorf("passed on: %q", got)
	}
	for range 1000 {
		if _, err := c.Write([]byte(strings.Repeat("x", 99) + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.last(); len(got) != consoleTail || !strings.HasSuffix(got, "x\n") {
		t.Errorf("the tail has %d bytes and ends in %q", len(got), got[len(got)-5:])
	}
	if len(c.tail) > 3*consoleTail {
		t.Errorf("%d bytes are kept", len(c.tail))
	}
}
