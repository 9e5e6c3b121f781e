package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// What --json prints is what the server sends, to the byte of the golden files
// of the protocol.
func TestJSONIsWhatTheServerSends(t *testing.T) {
	was := euid
	euid = func() int { return 0 }
	t.Cleanup(func() { euid = was })
	for line, golden := range map[string]string{
		"list": "list", "status": "status", "daemon status": "daemon-status", "why 5": "why", "get caches": "get",
	} {
		t.Run(line, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join("../control/testdata", golden+".json"))
			if err != nil {
				t.Fatal(err)
			}
			answering(t, want)
			var out, errs bytes.Buffer
			if code := Main(append([]string{"lc"}, strings.Fields(line+" --json")...), &out, &errs); code != control.OK {
				t.Fatalf("%v: %s", code, errs.String())
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("-sent +printed:\n%s", diff)
			}
		})
	}
}

// answering is a server that answers one request with one result.
func answering(t *testing.T, result []byte) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("LC_RUN_DIR", dir)
	l, err := net.Listen("unix", control.SocketPath())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if _, err := bufio.NewReader(c).ReadBytes('\n'); err != nil {
			t.Error(err)
		}
		if err := json.NewEncoder(c).Encode(control.Response{Result: result}); err != nil {
			t.Error(err)
		}
	}()
}
