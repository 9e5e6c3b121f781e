package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// exception is a block that is not reached, with the reason. In the file it is
// a line, and an indented one or more with the reason, which may stand behind
// several:
//
//	segment/blockdev/exec.go Exec.run: if n < 0 { return errShort }
//	segment/blockdev/exec.go Exec.stop: default: return errShort
//		Only a kernel that does this and that would say so.
//
// The first names the file, the function, and the text of the block in one
// line. A function that has the same block twice has two exceptions, or one and
// a test. A reason that begins with "Sometimes" is of a block that may be
// reached or not, as threads meet each other. Lines that start with # and empty
// ones are not read.
type exception struct {
	file, function, text string
	reason               string
	line                 int
}

func readExceptions(r io.Reader) ([]*exception, error) {
	var list []*exception
	open := 0 // from here on they have no reason yet, or the one that goes on
	reasoned := false
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '\t':
			if len(list) == 0 {
				return nil, fmt.Errorf("line %d: a reason for nothing", n)
			}
			reasoned = true
			for _, e := range list[open:] {
				e.reason = strings.TrimSpace(e.reason + " " + strings.TrimSpace(line))
			}
		default:
			if reasoned {
				open, reasoned = len(list), false
			}
			e, err := parseException(line, n)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
	}
	for _, e := range list {
		if e.reason == "" {
			return nil, fmt.Errorf("line %d has no reason", e.line)
		}
	}
	return list, lines.Err()
}

func parseException(line string, n int) (*exception, error) {
	e := &exception{line: n}
	head, text, ok := strings.Cut(line, ": ")
	if ok {
		e.file, e.function, ok = strings.Cut(head, " ")
	}
	if !ok {
		return nil, fmt.Errorf("line %d is not of the form `file function: text`", n)
	}
	e.text = text
	return e, nil
}

// match gives each block that is not reached its exception, if there is one
// left for it, and returns those that are of no such block.
func match(blocks []*block, list []*exception) (stale []*exception) {
	open := map[string][]*exception{}
	for _, e := range list {
		open[e.name()] = append(open[e.name()], e)
	}
	for _, reached := range []bool{false, true} { // what is reached takes only what is left
		for _, b := range blocks {
			left := open[b.name()]
			if b.reached == reached && len(left) > 0 && (!reached || left[0].sometimes()) {
				b.exception, open[b.name()] = left[0], left[1:]
			}
		}
	}
	for _, e := range list {
		if slices.Contains(open[e.name()], e) {
			stale = append(stale, e)
		}
	}
	return stale
}

func (e *exception) sometimes() bool { return strings.HasPrefix(e.reason, "Sometimes") }

func (e *exception) name() string { return e.file + " " + e.function + ": " + e.text }

func (b *block) name() string { return b.file + " " + b.function + ": " + b.text }
