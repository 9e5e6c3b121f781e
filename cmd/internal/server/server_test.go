package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/autopilot"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// serving runs a server on a socket of its own.
func serving(t *testing.T) *manager.Manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "lc") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("LC_RUN_DIR", dir+"/run")
	t.Setenv("LC_STATE_DIR", dir+"/state")
	m := newManager(t)
	s, err := newServer(m)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return m
}

// newManager makes a manager whose devices get no nodes: all but the nodes is real.
func newManager(t *testing.T) *manager.Manager {
	t.Helper()
	m := manager.New(manager.Options{Log: newLog(t.Output()), LinkDir: filepath.Join(t.TempDir(), "links"), Nodes: managertest.NoNodes{}})
	t.Cleanup(func() {
		if l := m.List(); len(l.Caches)+len(l.Devices) == 0 {
			return // perhaps since the test has done it
		}
		if _, err := m.Shutdown(context.Background(), control.ShutdownArgs{}, func(control.Progress) {}); err != nil {
			t.Error(err)
		}
	})
	return m
}

func newServer(m *manager.Manager) (*Server, error) {
	return New(m, autopilot.New(m, slog.New(slog.DiscardHandler)))
}

// formatted makes a disk that is a cache.
func formatted(t *testing.T) string {
	t.Helper()
	path := kit.Disk(t, "cache", 32<<20)
	kit.Need(t, kit.Direct(filepath.Dir(path), 4096))
	managertest.Format(t, path)
	return path
}

func must(t *testing.T, verb string, args any) {
	t.Helper()
	if err := ask(t, t.Context(), verb, args, nil); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, ctx context.Context, verb string, args, result any) error {
	t.Helper()
	conn, err := control.Dial()
	if err != nil {
		t.Fatal(err)
	}
	return control.Call(ctx, conn, verb, args, result, nil)
}

func TestSocketIsRootsAlone(t *testing.T) {
	serving(t)
	for path, want := range map[string]os.FileMode{control.RunDir(): 0o700 | os.ModeDir, control.SocketPath(): 0o600 | os.ModeSocket} {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, st.Mode(), want)
		}
	}
}

func TestSecondServer(t *testing.T) {
	m := serving(t)
	_, err := newServer(m)
	if classify.Classify(err).Code != control.Taken {
		t.Errorf("got %v", err)
	}
	if err := ask(t, t.Context(), control.VerbList, nil, nil); err != nil {
		t.Errorf("the first one does not answer any more: %v", err)
	}
}

func TestNoServer(t *testing.T) {
	t.Setenv("LC_RUN_DIR", t.TempDir())
	t.Setenv("LC_STATE_DIR", t.TempDir())
	_, err := control.Dial()
	if !errors.Is(err, control.ErrNoServer) || classify.Classify(err).Code != control.NoServer {
		t.Errorf("got %v", err)
	}
}

func TestVerbsOverTheSocket(t *testing.T) {
	serving(t)
	cache, backing := formatted(t), kit.Disk(t, "backing", 8<<20)
	for _, step := range []struct {
		verb string
		args any
	}{
		{control.VerbResume, control.ResumeArgs{ID: 3, Path: cache}},
		{control.VerbCreate, control.CreateArgs{Name: "x", ID: 5, Path: backing}},
		{control.VerbDaemonStart, nil},
		{control.VerbDaemonStop, nil},
	} {
		var done control.Done
		if err := ask(t, t.Context(), step.verb, step.args, &done); err != nil || done.Text == "" {
			t.Errorf("%s: %q, %v", step.verb, done.Text, err)
		}
	}
	var l control.List
	if err := ask(t, t.Context(), control.VerbList, nil, &l); err != nil || len(l.Caches) != 1 || len(l.Devices) != 1 {
		t.Errorf("list: %+v, %v", l, err)
	}
	if c := l.Caches[0]; c.Label != "test" || c.State != control.CacheRunning || c.Segments == 0 || len(c.UUID) != 36 {
		t.Errorf("cache: %+v", c)
	}
	var s control.Status
	if err := ask(t, t.Context(), control.VerbStatus, nil, &s); err != nil || s.Server.PID != os.Getpid() || s.Caches[0].Log.Segments != l.Caches[0].Segments {
		t.Errorf("status: %+v, %v", s, err)
	}
	var tree []control.Attribute
	if err := ask(t, t.Context(), control.VerbGet, control.AttributeArgs{}, &tree); err != nil || len(tree) < 30 {
		t.Errorf("get: %d attributes, %v", len(tree), err)
	}
	err := ask(t, t.Context(), control.VerbFreeCache, control.IDArgs{ID: 9}, nil)
	var e *control.Error
	if !errors.As(err, &e) || e.Code != control.NotFound {
		t.Errorf("an error's code does not arrive: %v", err)
	}
}

func TestBadRequests(t *testing.T) {
	serving(t)
	for _, request := range []string{"not json\n", `{"verb":"explode"}` + "\n", `{"verb":"resume","args":{"id":"three"}}` + "\n"} {
		conn, err := control.Dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		var r control.Response
		if err != nil || json.Unmarshal([]byte(line), &r) != nil || r.Error == nil || r.Error.Code != control.Usage {
			t.Errorf("%q: answered %q, %v", request, line, err)
		}
	}
}

// A drain that may leave out all records of a bad log names each, and is heard.
func TestLongRequest(t *testing.T) {
	serving(t)
	err := ask(t, t.Context(), control.VerbDrain, control.DrainArgs{ID: 3, Skip: make([]control.BadRecord, 10000)}, nil)
	if classify.Classify(err).Code != control.NotFound {
		t.Errorf("got %v", err)
	}
}

// A client that takes its request back is heard, and gets an answer.
func TestInterrupt(t *testing.T) {
	const verb = "wait"
	ctx, cancel := context.WithCancel(t.Context())
	verbs[verb] = func(heard context.Context, _ *Server, _ json.RawMessage, _ manager.Reporter) (any, error) {
		cancel()
		<-heard.Done()
		return nil, control.Errorf(control.Interrupted, "nothing was done")
	}
	defer delete(verbs, verb)
	serving(t)
	err := ask(t, ctx, verb, nil, nil)
	if classify.Classify(err).Code != control.Interrupted || !strings.Contains(err.Error(), "nothing was done") {
		t.Errorf("got %v", err)
	}
}

// A client that says nothing holds nobody up.
func TestSilentClient(t *testing.T) {
	serving(t)
	conn, err := control.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := ask(t, t.Context(), control.VerbList, nil, nil); err != nil {
		t.Error(err)
	}
}

func TestShutdownEndsTheServer(t *testing.T) {
	serving(t)
	if err := ask(t, t.Context(), control.VerbShutdown, control.ShutdownArgs{}, nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(control.SocketPath()); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the socket is still there")
		}
	}
}
