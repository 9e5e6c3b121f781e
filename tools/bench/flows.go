package main

import (
	"errors"
	"fmt"
	"strings"
)

// errSkipped is the end of a trial that a system has no means for. It is no
// failure, and there is no figure.
var errSkipped = errors.New("not measured")

// plain runs the work's job.
func plain(t *trial) (figure, error) {
	return t.traffic(func() (figure, sample, error) {
		s, err := t.fio(job{file: t.work.file(), span: t.work.span, seconds: t.o.seconds})
		return s.figure(), s, err
	})
}

// filled writes the span before the job: what is read is in the cache.
func filled(t *trial) (figure, error) {
	if _, err := t.fio(job{file: "fill", span: t.work.span}); err != nil {
		return figure{}, err
	}
	return plain(t)
}

// logged runs a job that logs its bandwidth.
func logged(t *trial, j job) (figure, error) {
	j.vars = append(j.vars, "LOG=$tmp/log")
	f, err := t.traffic(func() (figure, sample, error) {
		s, err := t.fio(j)
		return s.figure(), s, err
	})
	if err == nil {
		f.Series, err = t.log()
	}
	return f, err
}

// series is a long job. Its last second is left out, as it is rarely whole.
func series(t *trial) (figure, error) {
	f, err := logged(t, job{file: t.work.file(), span: t.work.span, seconds: t.o.long})
	f.Series = f.Series[:min(len(f.Series), t.o.long-1)]
	// A log ends with the last second in which something was done.
	for err == nil && len(f.Series) < t.o.long-1 {
		f.Series = append(f.Series, 0)
	}
	return f, err
}

// beside is the same while another device of the cache, whose disk is slow, is
// written to as hard.
func beside(t *trial) (figure, error) {
	if _, err := t.script("start the other device", t.sys.other+`
export FILENAME=$other SIZE=`+t.work.span+fmt.Sprintf(" RUNTIME=%d LOG=$tmp/other\n", t.o.long)+
		`fio --output=$tmp/other.out `+jobPath(t.work.file())+` >/dev/null 2>&1 </dev/null & echo $! >$tmp/other.pid`); err != nil {
		return figure{}, err
	}
	f, err := series(t)
	_, ended := t.script("end the other device's work", `p=$(cat $tmp/other.pid); kill -INT $p 2>/dev/null || true
for i in $(seq 600); do [ -e /proc/$p ] || exit 0; sleep 0.1; done; echo "fio does not end" >&2; exit 1`)
	return f, errors.Join(err, ended)
}

// floodBypass is flood with what long sequential writes can be sent past the
// cache by.
func floodBypass(t *trial) (figure, error) {
	out, err := t.script("turn bypass on", t.sys.bypass)
	if err != nil {
		return figure{}, err
	}
	if why := strings.TrimSpace(out); why != "" {
		return figure{}, fmt.Errorf("%w: %s", errSkipped, why)
	}
	return flood(t)
}

// flood writes twice what the cache holds; the SSD, which is no larger than
// that, once. Its last second is left out too.
func flood(t *trial) (figure, error) {
	mb := t.o.cacheMB
	if t.sys.backed {
		mb *= 2
	}
	f, err := logged(t, job{file: t.work.file(), span: fmt.Sprintf("%dm", mb)})
	f.Series = f.Series[:max(len(f.Series)-1, 0)]
	return f, err
}

// drained leaves dirty blocks and takes the time until they are on the disk.
// On the bare disk, fio writes them in the best order. The series is of what
// reaches the disk.
func drained(t *trial) (figure, error) {
	order := "blocks-random"
	if t.sys.drain == "" {
		order = "blocks-sorted"
	}
	return t.traffic(func() (figure, sample, error) {
		w := t.watch()
		s, err := t.fio(job{file: "blocks", vars: []string{"IOLOG=$tmp/" + order}})
		f := s.figure()
		if err == nil && t.sys.drain != "" {
			w.end()
			w = t.watch()
			_, err = t.script("drain", t.sys.drain)
		}
		f.Series, f.Drain = w.end()
		return f, s, err
	})
}

// readsFor is for how many seconds: at depth 1 there are few reads in one, and a
// percentile wants many.
func readsFor(o options) int { return 4 * o.seconds }

// readsInDrain reads behind the dirty span while a drain goes on, if the
// system has something to drain.
func readsInDrain(t *trial) (figure, error) {
	if t.sys.background != "" {
		half := fmt.Sprintf("BYTES=%dm", t.o.cacheMB/2)
		if _, err := t.fio(job{file: "dirty", span: "1g", vars: []string{half}}); err != nil {
			return figure{}, err
		}
		if _, err := t.script("start to drain", t.sys.background); err != nil {
			return figure{}, err
		}
	}
	return logged(t, job{file: t.work.file(), span: "1g", seconds: readsFor(t.o), vars: []string{"OFFSET=2g"}})
}

// absorbed overwrites much and drains: what reaches the disk is what the cache
// could not absorb. All systems write as much, as one that is faster would have
// more to absorb.
func absorbed(t *trial) (figure, error) {
	return t.traffic(func() (figure, sample, error) {
		s, err := t.fio(job{file: t.work.file(), span: t.work.span, vars: []string{"BYTES=256m"}})
		if err == nil {
			_, err = t.script("drain", t.sys.drain)
		}
		return s.figure(), s, err
	})
}
