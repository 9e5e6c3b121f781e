package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

type options struct {
	systems, works  []string
	rounds, seconds int
	lc              string
	before          string
}

// The models of DESIGN: an SSD whose flush costs 1 ms, and a disk with seeks.
var (
	ssdModel = disk.Config{Size: 512 << 20, Latency: 60 * time.Microsecond, FlushLatency: time.Millisecond, WriteBPS: 60e6, WriteIOPS: 5000}
	hddModel = disk.Config{Size: 4 << 30, Arm: true, Rate: 120e6}
)

// figure is one job on one system in one round.
type figure struct {
	System    string  `json:"system"`
	Work      string  `json:"work"`
	Round     int     `json:"round"`
	WriteIOPS float64 `json:"write_iops"`
	ReadIOPS  float64 `json:"read_iops"`
	MBPS      float64 `json:"mb_per_s"`
	P50us     float64 `json:"p50_us"`
	P99us     float64 `json:"p99_us"`
	P999us    float64 `json:"p999_us"`
	SSDBytes  float64 `json:"ssd_bytes_per_user_byte"`
	CPUPerGB  float64 `json:"cpu_s_per_gb"`
}

func run(ctx context.Context, o options) ([]figure, error) {
	dir, err := os.MkdirTemp("", "lc-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	demo := filepath.Join(dir, "ublkdemo")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", demo, "./tools/ublkdemo")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build ublkdemo: %w: %s", err, out)
	}
	m, err := vm.Boot(ctx, vm.Config{
		Udev:  true,
		Disks: []vm.Disk{{Name: "ssd", Model: ssdModel}, {Name: "hdd", Model: hddModel}},
		Files: map[string]string{"/usr/bin/lc": o.lc, "/usr/bin/ublkdemo": demo},
	})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if _, err := m.Output(ctx, "echo mq-deadline > /sys/block/$(basename $(readlink -f $hdd))/queue/scheduler 2>/dev/null || true\n"+o.before); err != nil {
		return nil, err
	}
	var res []figure
	for round := range o.rounds {
		for _, name := range o.systems {
			i := slices.IndexFunc(systems, func(s system) bool { return s.name == name })
			if i < 0 {
				return nil, fmt.Errorf("no system %q", name)
			}
			figs, err := measure(ctx, m, systems[i], o, round)
			if err != nil {
				return res, err
			}
			res = append(res, figs...)
		}
	}
	return res, nil
}

// measure brings a system up, runs the works, and takes it down.
func measure(ctx context.Context, m *vm.Machine, s system, o options, round int) ([]figure, error) {
	if s.up != "" {
		if out, err := m.Output(ctx, s.up); err != nil {
			return nil, fmt.Errorf("set up %s: %w: %s", s.name, err, out)
		}
	}
	var res []figure
	for _, w := range works {
		if !slices.Contains(o.works, w.name) && !slices.Contains(o.works, "all") {
			continue
		}
		f, err := job(ctx, m, s, w, o.seconds)
		if err != nil {
			return res, fmt.Errorf("%s on %s: %w", w.name, s.name, err)
		}
		f.Round = round
		fmt.Fprintf(os.Stderr, "round %d  %-11s %-10s %8.0f w/s %8.0f r/s %7.1f MB/s  p50 %.0f us  p99 %.0f us  ssd x%.3f\n",
			round+1, s.name, w.name, f.WriteIOPS, f.ReadIOPS, f.MBPS, f.P50us, f.P99us, f.SSDBytes)
		res = append(res, f)
	}
	if s.down != "" {
		if out, err := m.Output(ctx, s.down); err != nil {
			return res, fmt.Errorf("take down %s: %w: %s", s.name, err, out)
		}
	}
	return res, nil
}

type side struct {
	IOPS  float64
	Bytes float64 `json:"io_bytes"`
	Clat  struct {
		Percentile map[string]float64 `json:"percentile"`
	} `json:"clat_ns"`
}

func job(ctx context.Context, m *vm.Machine, s system, w work, seconds int) (figure, error) {
	before := m.Disk("ssd").Counters().WrittenBytes
	script := fmt.Sprintf(`grep '^cpu ' /proc/stat
fio --name=x --filename=%s --ioengine=io_uring --direct=1 --time_based --runtime=%d --norandommap --size=%s --output-format=json %s
grep '^cpu ' /proc/stat`, s.dev, seconds, span, w.fio)
	out, err := m.Output(ctx, script)
	if err != nil {
		return figure{}, fmt.Errorf("%w: %s", err, out)
	}
	var parsed struct{ Jobs []struct{ Read, Write side } }
	from, to := strings.Index(out, "{"), strings.LastIndex(out, "}")
	if from < 0 || json.Unmarshal([]byte(out[from:to+1]), &parsed) != nil || len(parsed.Jobs) == 0 {
		return figure{}, fmt.Errorf("fio printed %q", out)
	}
	j := parsed.Jobs[0]
	f := figure{System: s.name, Work: w.name, WriteIOPS: j.Write.IOPS, ReadIOPS: j.Read.IOPS}
	bytes := j.Write.Bytes + j.Read.Bytes
	f.MBPS = bytes / 1e6 / float64(seconds)
	pc := j.Write.Clat.Percentile
	if j.Write.Bytes == 0 {
		pc = j.Read.Clat.Percentile
	}
	f.P50us, f.P99us, f.P999us = pc["50.000000"]/1e3, pc["99.000000"]/1e3, pc["99.900000"]/1e3
	if j.Write.Bytes > 0 {
		f.SSDBytes = float64(m.Disk("ssd").Counters().WrittenBytes-before) / j.Write.Bytes
	}
	f.CPUPerGB = (cpu(out[to:]) - cpu(out[:from])) / (bytes / 1e9)
	return f, nil
}

// cpu is the busy time of all CPUs in a "cpu" line of /proc/stat, in seconds.
func cpu(text string) float64 {
	i := strings.Index(text, "cpu ")
	if i < 0 {
		return 0
	}
	var user, nice, sys, idle, wait, irq, soft float64
	fmt.Sscanf(text[i:], "cpu %f %f %f %f %f %f %f", &user, &nice, &sys, &idle, &wait, &irq, &soft)
	return (user + nice + sys + irq + soft) / 100
}
