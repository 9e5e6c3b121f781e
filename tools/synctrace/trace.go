package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// event is a request that was given to a driver or came back.
type event struct {
	at    float64 // seconds
	ssd   bool
	flush bool
	done  bool
}

// name says what the event is, in the words of the table.
func (e event) name() string {
	where, what, when := "/dev/ublkb0", "write", "is issued"
	if e.ssd {
		where = "SSD"
	}
	if e.flush {
		what = "flush"
	}
	if e.done {
		when = "completes"
	}
	return fmt.Sprintf("%s: %s %s", where, what, when)
}

// line is one of block_rq_issue or block_rq_complete; what is a flush moves no sectors.
var line = regexp.MustCompile(`(\d+\.\d+): block_rq_(issue|complete): (\d+),(\d+) ([A-Z]+) .*? \+ (\d+) `)

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
		dev := m[3] + ":" + m[4]
		if dev != ssd && dev != ublk || strings.HasPrefix(m[5], "R") {
			continue
		}
		at, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return nil, err
		}
		events = append(events, event{at: at, ssd: dev == ssd, flush: m[6] == "0", done: m[2] == "complete"})
	}
	return events, nil
}

// step is the time from one event to the next.
type step struct {
	from, to string
	us       []float64
}

// cycle is what one write and its fdatasync lead to with one writer, in order.
var cycle = []event{
	{}, {done: true},
	{flush: true},
	{ssd: true}, {ssd: true, done: true},
	{ssd: true, flush: true}, {ssd: true, flush: true, done: true},
	{flush: true, done: true},
}

// steps measures each part of the cycle, over all whole cycles.
func steps(events []event) []step {
	res := make([]step, len(cycle))
	for i := range res {
		res[i] = step{from: cycle[i].name(), to: cycle[(i+1)%len(cycle)].name()}
	}
	same := func(a, b event) bool { a.at = 0; return a == b }
	for i := 0; i+len(cycle) < len(events); i++ {
		whole := true
		for j := range len(cycle) + 1 {
			whole = whole && same(events[i+j], cycle[j%len(cycle)])
		}
		if !whole {
			continue
		}
		for j := range cycle {
			res[j].us = append(res[j].us, (events[i+j+1].at-events[i+j].at)*1e6)
		}
	}
	return res
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
	if jobs > 1 {
		return nil
	}
	fmt.Fprintf(w, "\n| from | to | median, µs |\n|---|---|---|\n")
	sum := 0.0
	for _, s := range steps(events) {
		m := median(s.us)
		sum += m
		fmt.Fprintf(w, "| %s | %s | %.0f |\n", s.from, s.to, m)
	}
	fmt.Fprintf(w, "| | sum | %.0f |\n", sum)
	return nil
}

// counts tells how many requests there were of each kind, and how long they took.
func counts(w io.Writer, events []event) {
	span := events[len(events)-1].at - events[0].at
	fmt.Fprintf(w, "| request | in a second | mean under way |\n|---|---|---|\n")
	for _, k := range []event{{}, {flush: true}, {ssd: true}, {ssd: true, flush: true}} {
		n, open, sum, last := 0, 0, 0.0, events[0].at
		for _, e := range events {
			if e.ssd != k.ssd || e.flush != k.flush {
				continue
			}
			sum += float64(open) * (e.at - last)
			last = e.at
			if e.done {
				open = max(0, open-1)
				n++
			} else {
				open++
			}
		}
		name, _, _ := strings.Cut(k.name(), " is ")
		fmt.Fprintf(w, "| %s | %.0f | %.2f |\n", name, float64(n)/span, sum/span)
	}
}
