package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

const guestTmp = "/tmp/lcbench"

// guest is a site with modelled disks.
type guest struct {
	m *vm.Machine
	o options
}

func bootGuest(ctx context.Context, o options) (*guest, error) {
	g := &guest{o: o}
	return g, g.boot(ctx)
}

func (g *guest) boot(ctx context.Context) error {
	demo, remove, err := buildDemo(ctx)
	if err != nil {
		return err
	}
	defer remove()
	ssd := dilated(ssdModel, g.o.dilate)
	ssd.Size = int64(g.o.cacheMB) << 20
	files := map[string]string{"/usr/bin/lc": g.o.lc, "/usr/bin/ublkdemo": demo}
	if g.o.cserver != "" {
		files["/usr/bin/"+cserver] = g.o.cserver
	}
	g.m, err = vm.Boot(ctx, vm.Config{
		Udev:    true,
		Counted: g.o.counted,
		Disks: []vm.Disk{{Name: "ssd", Model: ssd}, {Name: "hdd", Model: dilated(hddModel, g.o.dilate)},
			{Name: "slow", Model: dilated(slowModel, g.o.dilate)}},
		Files: files,
	})
	if err != nil {
		return err
	}
	out, err := g.script(ctx, "mkdir -p $tmp; for d in $hdd $slow; do echo mq-deadline > /sys/block/$(basename $(readlink -f $d))/queue/scheduler 2>/dev/null || true; done")
	if err != nil {
		_ = g.m.Close() // the first error tells more
		return must("prepare the guest", out, err)
	}
	return nil
}

// again boots the guest anew, with empty disks.
func (g *guest) again(ctx context.Context) error {
	if err := g.m.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "bench: the guest that is given up:", err)
	}
	if err := g.boot(ctx); err != nil {
		return err
	}
	return equip(ctx, g)
}

func (g *guest) third() bool { return true }

// buildDemo builds the program with our null device.
func buildDemo(ctx context.Context) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "lc-bench")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "ublkdemo")
	remove = func() { _ = os.RemoveAll(dir) } // a leftover in the folder for those
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "./tools/ublkdemo")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("build ublkdemo: %w: %s", err, out)
	}
	return path, remove, nil
}

func (g *guest) script(ctx context.Context, text string) (string, error) {
	var stdout, stderr bytes.Buffer
	env := []string{"tmp=" + guestTmp, "LC_RUN_DIR=" + runDir, "LC_STATE_DIR=" + guestTmp + "/state"}
	code, err := g.m.Run(ctx, vm.Command{Script: text, Env: env, Stdout: &stdout, Stderr: &stderr})
	if err == nil && code != 0 {
		err = fmt.Errorf("exit status %d: %s", code, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), err
}

func (g *guest) put(ctx context.Context, name string, content []byte) (string, error) {
	p := guestTmp + "/" + name
	return p, g.m.Push(ctx, p, 0o644, bytes.NewReader(content))
}

func (g *guest) written(name string) (uint64, error) {
	return g.m.Disk(name).Counters().WrittenBytes, nil
}

func (g *guest) whole() int64 { return g.m.Disk("ssd").Config().Size }

func (g *guest) about() []string {
	s, h := g.m.Disk("ssd").Config(), g.m.Disk("hdd").Config()
	if g.o.counted {
		return []string{"a guest with 2 CPUs whose clock counts their instructions, 4 ns each; only ratios within this run mean something"}
	}
	list := []string{
		fmt.Sprintf("a guest with 2 CPUs under %s; only ratios within this run mean something", g.m.Accelerator()),
		fmt.Sprintf("modelled SSD: %d MiB, writes %d MB/s and %d operations/s, %v a request, %v a flush",
			s.Size>>20, s.WriteBPS/1e6, s.WriteIOPS, s.Latency, s.FlushLatency),
		fmt.Sprintf("modelled disk: %d GiB, %.0f MB/s, full seek %v, half a turn %v", h.Size>>30, h.Rate/1e6, h.FullSeek, h.Rotation),
	}
	if g.o.dilate > 1 {
		list = append(list, fmt.Sprintf("the devices take %d times as long as their models, as the guest's processors do", g.o.dilate))
	}
	return list
}

// close ends the guest, if there is one: the boot of another may have failed.
func (g *guest) close() error {
	if g.m == nil {
		return nil
	}
	return g.m.Close()
}
