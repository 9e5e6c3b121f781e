package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm/wire"
)

// port is the virtio serial port to the host.
type port struct {
	*os.File
}

// Read waits for data. The driver reports an end of file until the host's
// word that it is connected has come in; after that it never does, because
// the host's end lives as long as the machine.
func (p *port) Read(b []byte) (int, error) {
	for {
		n, err := p.File.Read(b)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// openPort finds the serial port by its name. The console driver announces
// its ports on a work queue of its own, so the first look may be too early.
func openPort() (*port, error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		names, err := filepath.Glob("/sys/class/virtio-ports/*/name")
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			name, err := os.ReadFile(n)
			if err == nil && strings.TrimSpace(string(name)) == wire.PortName {
				f, err := os.OpenFile("/dev/"+filepath.Base(filepath.Dir(n)), os.O_RDWR, 0)
				return &port{f}, err
			}
		}
	}
	return nil, fmt.Errorf("no virtio port named %s", wire.PortName)
}
