package main

import (
	"cmp"
	"slices"
)

// row is what the rounds of a work on a system come to.
type row struct {
	system      string
	median      figure // the round whose score is the median
	value       float64
	least, most float64 // the scores of the other rounds lie between
	rounds      int
}

// table is a work with a row for each system that did it.
type table struct {
	work work
	rows []row
}

// row returns the row of a system.
func (t table) row(system string) (row, bool) {
	i := slices.IndexFunc(t.rows, func(r row) bool { return r.system == system })
	if i < 0 {
		return row{}, false
	}
	return t.rows[i], true
}

// tabulate sorts figures into tables, in the order of the suite.
func tabulate(figs []figure) []table {
	var list []table
	for _, w := range works {
		t := table{work: w}
		for _, s := range systems {
			if r, ok := summarize(figs, w, s.name); ok {
				t.rows = append(t.rows, r)
			}
		}
		if len(t.rows) > 0 {
			list = append(list, t)
		}
	}
	return list
}

// summarize takes the round of the median score, the lower one of two.
func summarize(figs []figure, w work, system string) (row, bool) {
	var of []figure
	for _, f := range figs {
		if f.System == system && f.Work == w.name {
			of = append(of, f)
		}
	}
	if len(of) == 0 {
		return row{}, false
	}
	score := w.score.of
	slices.SortStableFunc(of, func(a, b figure) int { return cmp.Compare(score(a), score(b)) })
	median := of[(len(of)-1)/2]
	return row{system, median, score(median), score(of[0]), score(of[len(of)-1]), len(of)}, true
}

// bestPeer is the row of the best of the other caches.
func (t table) bestPeer() (best row, ok bool) {
	for _, s := range systems {
		r, measured := t.row(s.name)
		if !s.peer || !measured {
			continue
		}
		if !ok || t.work.score.better(r.value, best.value) {
			best, ok = r, true
		}
	}
	return best, ok
}

// find returns the table of a work.
func find(all []table, work string) (table, bool) {
	i := slices.IndexFunc(all, func(t table) bool { return t.work.name == work })
	if i < 0 {
		return table{}, false
	}
	return all[i], true
}

// value is the score of a system in a work.
func value(all []table, work, system string) (float64, bool) {
	t, _ := find(all, work)
	r, ok := t.row(system)
	return r.value, ok
}
