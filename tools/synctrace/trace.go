package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// kind is what happens to a request: of which device, which request, and
// whether it is given to the driver or comes back.
type kind struct{ ssd, flush, done bool }

// kinds are all there are in one write and its fdatasync.
var kinds = []kind{
	{}, {done: true}, {flush: true}, {flush: true, done: true},
	{ssd: true}, {ssd: true, done: true}, {ssd: true, flush: true}, {ssd: true, flush: true, done: true},
}

func (k kind) request() string {
	where, what := "/dev/ublkb0", "write"
	if k.ssd {
		where = "SSD"
	}
	if k.flush {
		what = "flush"
	}
	return where + ": " + what
}

func (k kind) String() string {
	if k.done {
		return k.request() + " is done"
	}
	return k.request() + " is issued"
}

// event is a kind at a time, in seconds.
type event struct {
	kind
	at float64
}

// line is one of block_rq_issue and block_rq_complete: time, which, major,
// minor, operation, sectors.
var line = regexp.MustCompile(`(\d+\.\d+): block_rq_(issue|complete): (\d+),(\d+) ([A-Z]+) .*? \+ (\d+) `)

// parse reads a trace behind a line that says which numbers the devices have.
// The block layer makes a write and a flush of a write with FUA, and reports
// the end of the whole as a write of no sectors: that is left out.
func parse(text string) (events []event, err error) {
	head, rest, _ := strings.Cut(text, "\n")
	names := strings.Fields(head)
	if len(names) != 4 {
		return nil, fmt.Errorf("the devices are missing in %q", head)
	}
	ssd, ublk := names[1], names[3]
	for lines := bufio.NewScanner(strings.NewReader(rest)); lines.Scan(); {
		m := line.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		dev, op := m[3]+":"+m[4], m[5]
		flush := strings.HasPrefix(op, "FF")
		if dev != ssd && dev != ublk || !flush && (m[6] == "0" || !strings.HasPrefix(op, "W")) {
			continue
		}
		at, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return nil, err
		}
		events = append(events, event{kind{ssd: dev == ssd, flush: flush, done: m[2] == "complete"}, at})
	}
	return events, nil
}

// offsets are, for each kind, the times in µs from the issue of a write to it,
// over all writes of one writer in which each kind comes once.
func offsets(events []event) map[kind][]float64 {
	all := map[kind][]float64{}
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].kind != (kind{}) {
			n++
		}
		cycle := events[:n]
		events = events[n:]
		once := map[kind]float64{}
		for _, e := range cycle {
			once[e.kind] = (e.at - cycle[0].at) * 1e6
		}
		if len(cycle) != len(kinds) || len(once) != len(kinds) {
			continue
		}
		for k, us := range once {
			all[k] = append(all[k], us)
		}
	}
	return all
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func report(w io.Writer, text string, jobs int) error {
	events, err := parse(text)
	if err != nil {
		return err
	}
	if len(events) < 2 {
		return fmt.Errorf("nothing was traced: %q", text)
	}
	counts(w, events)
	if jobs == 1 {
		course(w, offsets(events))
	}
	return nil
}

// course prints how one write and its fdatasync go, in the order of the medians.
func course(w io.Writer, times map[kind][]float64) {
	order := slices.Clone(kinds)
	slices.SortStableFunc(order, func(a, b kind) int { return cmp.Compare(median(times[a]), median(times[b])) })
	fmt.Fprintf(w, "\n| one write and its fdatasync | at, µs | since the line above |\n|---|--:|--:|\n")
	last := 0.0
	for _, k := range order {
		at := median(times[k])
		fmt.Fprintf(w, "| %v | %.0f | %.0f |\n", k, at, at-last)
		last = at
	}
	fmt.Fprintf(w, "\nMedians over %d writes. The rest, up to the next write, is the writer's own time.\n", len(times[kind{}]))
}

// counts tells how many requests there were of each kind, and how many were
// under way in the mean.
func counts(w io.Writer, events []event) {
	first, last := events[0].at, events[len(events)-1].at
	fmt.Fprintf(w, "| request | in a second | mean under way |\n|---|--:|--:|\n")
	for _, k := range kinds {
		if k.done {
			continue
		}
		n, open, sum, from := 0, 0, 0.0, first
		for _, e := range events {
			if e.ssd != k.ssd || e.flush != k.flush {
				continue
			}
			sum += float64(open) * (e.at - from)
			from = e.at
			if e.done {
				open = max(0, open-1)
				n++
			} else {
				open++
			}
		}
		fmt.Fprintf(w, "| %s | %.0f | %.2f |\n", k.request(), float64(n)/(last-first), sum/(last-first))
	}
}
