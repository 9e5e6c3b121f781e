package arch

import (
	"os/exec"
	"slices"
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

// core are the packages that say what is to be done, and do not do it.
var core = []string{"logcache", "logcache/index", "migrate", "migrate/pace", "segment", "segment/inspect", "segment/witness"}

// The core fills memory, and names what is to be done with it. What does it, disks
// and rings of the kernel, the core and its tests need not know: there is no
// exception.
func TestCoreOpensNothing(t *testing.T) {
	for _, pkg := range core {
		needs := append(deps(t, `{{join .Deps "\n"}}`, pkg), deps(t, `{{join .TestImports "\n"}} {{join .XTestImports "\n"}}`, pkg)...)
		for _, not := range []string{"segment/blockdev", "ublk/uring"} {
			if slices.Contains(needs, not) {
				t.Errorf("%s needs %s", pkg, not)
			}
		}
	}
}

// Leaves need nothing of ours, so that whoever needs one gets no more with it.
func TestLeaves(t *testing.T) {
	for _, pkg := range []string{"segment/block", "ublk/uring/mem"} {
		for _, dep := range deps(t, `{{join .Deps "\n"}}`, pkg) {
			t.Errorf("%s needs %s", pkg, dep)
		}
	}
}

// The protocol is what scripts lean on: a change below must not change it unseen.
func TestControlStandsAlone(t *testing.T) {
	for _, dep := range deps(t, `{{join .Deps "\n"}}`, "cmd/internal/control") {
		t.Errorf("cmd/internal/control needs %s", dep)
	}
}

// The process stands above the tables and above what controls them by itself,
// and neither knows of what is above it.
func TestServerStandsOnManager(t *testing.T) {
	const server, manager, autopilot, diskload = "cmd/internal/server", "cmd/internal/manager", "cmd/internal/autopilot", "cmd/internal/diskload"
	for pkg, not := range map[string][]string{
		autopilot:            {server, "cmd/internal/cli"},
		manager:              {server, autopilot, "cmd/internal/cli"},
		"cmd/internal/host":  {server, autopilot, manager, diskload, "cmd/internal/cli", "cmd/internal/control"},
		"cmd/internal/whose": {server, autopilot, manager, diskload, "cmd/internal/cli"},
		diskload:             {server, autopilot, manager, "cmd/internal/host", "cmd/internal/cli", "cmd/internal/control"},
	} {
		for _, dep := range deps(t, `{{join .Deps "\n"}}`, pkg) {
			if slices.Contains(not, dep) {
				t.Errorf("%s needs %s", pkg, dep)
			}
		}
	}
	for _, dep := range deps(t, `{{join .Imports "\n"}}`, server) {
		if strings.HasPrefix(dep, "logcache") || strings.HasPrefix(dep, "migrate") || strings.HasPrefix(dep, "segment") || dep == "cmd/internal/host" {
			t.Errorf("%s imports %s, of which it is to know nothing", server, dep)
		}
	}
}

// What only tests need is in no program, and needs none, so that each package's
// tests may use it.
func TestKitIsForTests(t *testing.T) {
	product := []string{"cmd/...", "ublk/...", "segment/...", "logcache/...", "migrate/...", "sysfsio/..."}
	for i := range product {
		product[i] = module + product[i]
	}
	out, err := exec.Command("go", append([]string{"list", "-f", `{{.ImportPath}} {{join .Imports " "}}`}, product...)...).Output()
	if err != nil || len(out) == 0 {
		t.Fatalf("%q, %v", out, err)
	}
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		for name := range strings.FieldsSeq(imports) {
			if strings.HasPrefix(name, module) && (strings.HasPrefix(name, module+"tests/") || strings.HasSuffix(name, "test")) {
				t.Errorf("%s imports what only tests need: %s", pkg, name)
			}
		}
	}
	for _, dep := range deps(t, `{{join .Deps "\n"}}`, "tests/kit") {
		t.Errorf("tests/kit needs %s", dep)
	}
}
