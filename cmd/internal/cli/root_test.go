package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func TestByName(t *testing.T) {
	for _, c := range []struct{ argv, want string }{
		{"lc list", "list"},
		{"/usr/sbin/lc-attach 5 3", "attach 5 3"},
		{"lc-resume-cache 3 /dev/x", "resume 3 /dev/x"},
		{"lc-format-cache /dev/x --force", "format-cache /dev/x --force"},
		{"lc-daemon start", "daemon start"},
		{"lc-", ""},
		{"lc.test list", "list"},
	} {
		if got := strings.Join(byName(strings.Fields(c.argv)), " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.argv, got, c.want)
		}
	}
}

// Who is not root hears that before anything else, whatever else is wrong.
func TestNotRoot(t *testing.T) {
	euid = func() int { return 1000 }
	t.Cleanup(func() { euid = func() int { return 0 } })
	for _, line := range []string{"list", "attach", "format-cache /nonexistent", "resume x y", "daemon start", "status a b", "server", "features", "daemon bogus"} {
		var out, errs bytes.Buffer
		code := Main(append([]string{"lc"}, strings.Fields(line)...), &out, &errs)
		if code != control.NotPermitted || !strings.Contains(errs.String(), "not root") || strings.Count(errs.String(), "\n") != 1 || out.Len() > 0 {
			t.Errorf("lc %s: %v, %q, %q", line, code, errs.String(), out.String())
		}
	}
	for _, line := range []string{"help", "help attach", "attach --help", "--version", "version", "", "exit-codes", "completion bash"} {
		var out, errs bytes.Buffer
		if code := Main(append([]string{"lc"}, strings.Fields(line)...), &out, &errs); code != control.OK {
			t.Errorf("lc %s: %v, %q", line, code, errs.String())
		}
	}
}

// Every listing has --json, and every verb says in a line what it does.
func TestVerbsAreWhole(t *testing.T) {
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		all = append(all, c)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(NewRoot())
	listings := []string{"lc list", "lc status", "lc get", "lc daemon status", "lc why", "lc features", "lc check", "lc dump", "lc replay"}
	for _, c := range all {
		if c.Short == "" {
			t.Errorf("%s says nothing of itself", c.CommandPath())
		}
		if has := c.Flags().Lookup("json") != nil; has != slices.Contains(listings, c.CommandPath()) {
			t.Errorf("%s: --json %v", c.CommandPath(), has)
		}
	}
}

func TestSizes(t *testing.T) {
	for arg, want := range map[string]uint64{"4096": 4096, "64K": 64 << 10, "64k": 64 << 10, "1M": 1 << 20, "1MiB": 1 << 20, "1G": 1 << 30} {
		if got, err := parseSize(arg); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", arg, got, err, want)
		}
	}
	for _, arg := range []string{"", "x", "-1", "1.5X"} {
		if got, err := parseSize(arg); err == nil {
			t.Errorf("%q: taken as %d", arg, got)
		}
	}
}

func TestProgressOnNoTerminal(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	for _, text := range []string{"one", "one", "two"} {
		p.show(control.Progress{Text: text})
	}
	p.end()
	if b.String() != "one\ntwo\n" {
		t.Errorf("got %q", b.String())
	}
}
