package manager

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// locking are the methods of a cache, of its core and of a volume that take the
// lock of the data path.
var locking = []string{"log", "volume", "Status", "Gauge", "DirtyBlocks", "Durable", "LastMigrated"}

// A listing takes one snapshot of each cache and device, which package sysfsio
// tests; and what makes a snapshot, or a status, asks the data path once for
// all that it has.
func TestDataPathIsAskedOnce(t *testing.T) {
	got := calls(t, "tree.go", "report.go", "why.go")
	for from, want := range map[string]map[string]int{
		"treeCache.Snapshot": {"Status": 1}, "treeDevice.Snapshot": {"Status": 1},
		"cache.log": {"Status": 1}, "cache.line": {}, "cache.status": {"log": 1, "Gauge": 1, "line": 1},
		"Manager.volume": {"Status": 1, "DirtyBlocks": 1}, "device.line": {}, "device.status": {"line": 1},
		"Manager.List": {"log": 1, "volume": 1, "line": 2}, "Manager.Why": {"volume": 1, "line": 1},
	} {
		if got[from] == nil {
			t.Errorf("there is no %s", from)
		}
		for _, name := range append([]string{"line", "status"}, locking...) {
			if got[from][name] != want[name] {
				t.Errorf("%s calls %s %d times, want %d", from, name, got[from][name], want[name])
			}
		}
	}
}

// calls are how often each method in some files calls which methods, by
// Type.method.
func calls(t *testing.T, files ...string) map[string]map[string]int {
	t.Helper()
	all := map[string]map[string]int{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				of := f.Recv.List[0].Type
				if p, ok := of.(*ast.StarExpr); ok {
					of = p.X
				}
				all[of.(*ast.Ident).Name+"."+f.Name.Name] = callsIn(f)
			}
		}
	}
	return all
}

func callsIn(f *ast.FuncDecl) map[string]int {
	count := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s, ok := call.Fun.(*ast.SelectorExpr); ok {
				count[s.Sel.Name]++
			}
		}
		return true
	})
	return count
}

// What is listed is what there is, in one piece; what is set of a device stays.
func TestTreeShowsAll(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	w := newWriter(t, m, 5)
	w.write(10)
	for path, value := range map[string]string{
		"devices/5/sequential_cutoff": "4MiB", "devices/5/sequential_merge": "off", "devices/5/migrate_threshold": "60%",
		"caches/3/max_dirty_age": "1h", "caches/3/writeback_running": "no",
	} {
		if _, err := m.Set(t.Context(), control.AttributeArgs{Path: path, Value: value}, quiet); err != nil {
			t.Error(err)
		}
	}
	list, err := m.Get(control.AttributeArgs{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range list {
		got[a.Path] = a.Value
	}
	lines := m.List()
	for path, want := range map[string]string{
		"devices/5/sequential_cutoff": "4194304", "devices/5/sequential_merge": "0", "devices/5/migrate_threshold": "60",
		"caches/3/max_dirty_age": "3600", "caches/3/writeback_running": "0", "caches/3/nr_dirty_caches": "10", "devices/5/nr_dirty_caches": "10",
		"caches/3/uuid": lines.Caches[0].UUID, "caches/3/device_no": lines.Caches[0].DeviceNo, "caches/3/state": string(lines.Caches[0].State),
		"devices/5/cache_id": "3", "devices/5/device": lines.Devices[0].Backing, "devices/5/device_no": lines.Devices[0].BackingNo,
	} {
		if got[path] != want {
			t.Errorf("%s is %q, want %q", path, got[path], want)
		}
	}
	if s := m.Status().Caches[0].Settings; s["max_dirty_age"] != int64(3600) || s["writeback_running"] != false {
		t.Errorf("status has %v", s)
	}
}
