// Command barriers measures whether it would pay to let a barrier wait for
// company: dm-lc's barrier_deadline_ms. It runs the cache's core with several
// writers, each of whom writes 4 KiB and calls fdatasync, again and again, on a
// model of an SSD and in simulated time. All write to one device, of which the
// kernel has one FLUSH under way at a time, which all share that come before
// it; or each has a device of his own. A FLUSH is held back before the core
// sees it, for at most so long, or until all writers want one: nobody could
// tell better when company comes.
//
//	go run ./tools/bench/barriers [-syncs 3000]
//
// It prints how many calls return in a second. The clock is simulated, so that each
// run prints the same.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// deadlines are for how long a barrier may wait. The manual of dm-lc has 3 ms.
var deadlines = []time.Duration{0, 100 * time.Microsecond, 300 * time.Microsecond, time.Millisecond, 3 * time.Millisecond}

// ssds are the devices that are tried.
var ssds = []ssd{
	{"NVMe with power-loss protection", 20 * time.Microsecond, 2 << 30, 5 * time.Microsecond, true},
	{"NVMe without it", 20 * time.Microsecond, 2 << 30, 500 * time.Microsecond, false},
	{"SATA without it", 60 * time.Microsecond, 500 << 20, 2 * time.Millisecond, false},
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
		for _, think := range []time.Duration{10 * time.Microsecond, 200 * time.Microsecond, 2 * time.Millisecond} {
			if err := row(model{ssd: s, apart: apart, writers: writers, think: think, left: syncs}); err != nil {
				return err
			}
		}
	}
	return nil
}

// row prints one workload with all deadlines.
func row(of model) error {
	fmt.Printf("| %d | %v |", of.writers, of.think)
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
