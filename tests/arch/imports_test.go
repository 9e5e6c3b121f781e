package arch

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/ublk-lc/ublk-lc/"

// deps are all packages of this module that one needs, itself left out.
func deps(t *testing.T, format, pkg string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", format, module+pkg)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	var ours []string
	for _, dep := range strings.Fields(string(out)) {
		if rest, ok := strings.CutPrefix(dep, module); ok {
			ours = append(ours, rest)
		}
	}
	return ours
}

// What stands below needs nothing of the program, of the tests or of the tools.
func TestImportsGoDown(t *testing.T) {
	for _, pkg := range []string{"ublk", "segment", "logcache", "migrate", "migrate/pace", "sysfsio"} {
		for _, dep := range deps(t, `{{join .Deps "\n"}}`, pkg) {
			switch top, _, _ := strings.Cut(dep, "/"); top {
			case "cmd", "tests", "tools":
				t.Errorf("%s needs %s", pkg, dep)
			}
		}
	}
}

// stillInMessages are the packages whose types are sent as they are. A row may go, and none may come.
var stillInMessages = map[string]string{
	"logcache": "Status and BypassStatus",
	"migrate":  "Status",
	"segment":  "BadRecord",
	"sysfsio":  "Settings",
}

// The protocol is what scripts lean on: a change below must not change it unseen.
func TestControlStandsAlone(t *testing.T) {
	unused := map[string]bool{}
	for dep := range stillInMessages {
		unused[dep] = true
	}
	for _, dep := range deps(t, `{{join .Imports "\n"}}`, "cmd/internal/control") {
		delete(unused, dep)
		if stillInMessages[dep] == "" {
			t.Errorf("cmd/internal/control imports %s", dep)
		}
	}
	for dep := range unused {
		t.Errorf("cmd/internal/control no longer imports %s: take it off the list", dep)
	}
}
