package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

const module = "github.com/ublk-lc/ublk-lc/"

// block is a run of statements of which all are reached or none.
type block struct {
	file            string // path in the repository
	line, column    int    // where it starts
	endLine, endCol int
	statements      int
	reached         bool
	function, text  string // what an exception names it by: see describe
	exception       *exception
}

// readProfiles reads what go test has written, and joins what the same block
// has in several.
func readProfiles(names []string) ([]*block, error) {
	blocks := map[string]*block{}
	for _, name := range names {
		if err := readProfile(name, blocks); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("no statements in %s", strings.Join(names, ", "))
	}
	return slices.Collect(maps.Values(blocks)), nil
}

func readProfile(name string, blocks map[string]*block) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		text := lines.Text()
		if strings.HasPrefix(text, "mode:") {
			continue
		}
		b, err := parseBlock(text)
		if err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		key := fmt.Sprint(b.file, b.line, b.column, b.endLine, b.endCol)
		if known := blocks[key]; known != nil {
			known.reached = known.reached || b.reached
		} else if b.statements > 0 {
			blocks[key] = b
		}
	}
	return lines.Err()
}

// parseBlock reads a line: file:line.column,line.column statements count.
func parseBlock(text string) (*block, error) {
	b, count := &block{}, uint64(0)
	file, rest, ok := strings.Cut(strings.TrimPrefix(text, module), ":")
	if !ok {
		return nil, errors.New("it names no file")
	}
	b.file = file
	_, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.line, &b.column, &b.endLine, &b.endCol, &b.statements, &count)
	b.reached = count > 0
	return b, err
}
