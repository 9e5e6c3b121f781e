// Command barriers measures what it is worth that barriers may wait for company,
// as barrier_deadline_ms lets them. It runs the cache's core with several writers,
// each of whom writes 4 KiB and calls fdatasync, again and again, on a model of an
// SSD and in simulated time. All write to one device, of which the kernel has one
// FLUSH under way at a time, which all share that come before it; or each has a
// device of his own.
//
//	go run ./tools/bench/barriers [-syncs 3000]
//
// It prints how many calls return in a second. The clock is simulated, so that each
// run prints the same: README.md has it, and what follows from it.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// deadlines are for how long a barrier may wait. The manual of dm-lc has 3 ms.
var deadlines = []time.Duration{0, time.Millisecond, 3 * time.Millisecond, 20 * time.Millisecond}

// ssds are the devices that are tried.
var ssds = []ssd{
	{name: "NVMe with power-loss protection", write: 20 * time.Microsecond, bandwidth: 2 << 30, flush: 5 * time.Microsecond, fua: true},
	{name: "NVMe without it", write: 20 * time.Microsecond, bandwidth: 2 << 30, flush: 500 * time.Microsecond},
	{name: "NVMe without it that does several writes with FUA at once", write: 20 * time.Microsecond, bandwidth: 2 << 30, flush: 500 * time.Microsecond, parallel: true},
	{name: "SATA without it", write: 60 * time.Microsecond, bandwidth: 500 << 20, flush: 2 * time.Millisecond},
}

// thinks are the ways of the writers.
var thinks = []think{
	{usual: 10 * time.Microsecond},
	{usual: 200 * time.Microsecond},
	{usual: 2 * time.Millisecond},
	{usual: 10 * time.Microsecond, other: 2 * time.Millisecond},
}

func (t *think) String() string {
	if t.other == 0 {
		return t.usual.String()
	}
	return fmt.Sprintf("%v, of 8 one %v", t.usual, t.other)
}

func main() {
	syncs := flag.Int("syncs", 3000, "calls of fdatasync in each measurement")
	flag.Parse()
	if err := report(*syncs); err != nil {
		fmt.Fprintln(os.Stderr, "barriers:", err)
		os.Exit(1)
	}
}

func report(syncs int) error {
	for i := range ssds {
		for _, apart := range []bool{false, true} {
			if err := table(&ssds[i], apart, syncs); err != nil {
				return err
			}
		}
	}
	return nil
}

// table prints all workloads on one SSD, with one device or one for each writer.
func table(s *ssd, apart bool, syncs int) error {
	how := map[bool]string{false: "writers of one device", true: "writers, each with a device of his own"}[apart]
	fmt.Printf("\n%s: a write takes %v, a flush %v\n\n| %s | think |", s.name, s.write, s.flush, how)
	for _, d := range deadlines {
		fmt.Printf(" %v |", d)
	}
	fmt.Print("\n|--:|--:|")
	for range deadlines {
		fmt.Print("--:|")
	}
	fmt.Println()
	for _, writers := range []int{1, 2, 4, 16} {
		for _, think := range thinks {
			if err := row(model{ssd: s, apart: apart, writers: writers, think: think, left: syncs}); err != nil {
				return err
			}
		}
	}
	return nil
}

// row prints one workload with all deadlines.
func row(of model) error {
	fmt.Printf("| %d | %v |", of.writers, &of.think)
	for _, d := range deadlines {
		m := of
		m.deadline = d
		rate, err := m.run()
		if err != nil {
			return err
		}
		fmt.Printf(" %.0f |", rate)
	}
	fmt.Println()
	return nil
}
