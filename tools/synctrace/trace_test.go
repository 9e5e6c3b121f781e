package main

import (
	"strings"
	"testing"
)

// sample is one write and its fdatasync, and the beginning of the next one.
const sample = `ssd 254:16 ublk 259:0
             fio-207     [000] .....     7.022443: block_rq_issue: 259,0 WS 4096 () 107216 + 8 be,0,4 [fio]
              lc-183     [001] .....     7.022595: block_rq_issue: 254,16 WS 4608 () 8701 + 9 be,0,4 [lc]
              lc-183     [001] b....     7.022626: block_rq_complete: 259,0 WS () 107216 + 8 be,0,4 [0]
    kworker/0:1H-49      [000] .....     7.022961: block_rq_issue: 259,0 FF 0 () 0 + 0 none,0,0 [kworker/0:1H]
          <idle>-0       [001] d.h2.     7.023123: block_rq_complete: 254,16 WS () 8701 + 9 be,0,4 [0]
    kworker/1:1H-67      [001] .....     7.023167: block_rq_issue: 254,16 FF 0 () 0 + 0 none,0,0 [kworker/1:1H]
          <idle>-0       [001] d.h2.     7.024380: block_rq_complete: 254,16 FF () 18446744073709551615 + 0 none,0,0 [0]
          <idle>-0       [001] d.h3.     7.024387: block_rq_complete: 254,16 WS () 8701 + 0 be,0,4 [0]
              lc-183     [001] b....     7.024452: block_rq_complete: 259,0 FF () 18446744073709551615 + 0 none,0,0 [0]
              lc-183     [001] D..1.     7.024456: block_rq_complete: 259,0 WS () 0 + 0 be,0,4 [0]
             fio-207     [000] .....     7.024588: block_rq_issue: 259,0 WS 4096 () 109768 + 8 be,0,4 [fio]
             lvm-207     [000] .....     7.024588: block_rq_issue: 8,0 WS 4096 () 109768 + 8 be,0,4 [fio]
`

func TestCourseOfAnFdatasync(t *testing.T) {
	events, err := parse(sample)
	if err != nil || len(events) != 9 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	var b strings.Builder
	if err := report(&b, sample, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| SSD: write is issued | 152 | 152 |",
		"| SSD: flush is done | 1937 | 1213 |",
		"| /dev/ublkb0: flush is done | 2009 | 72 |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
