// Cover holds what the tests reach of the pure packages against a list of what
// none of them can.
//
//	go run ./tests/cover profile...
//
// A profile is what go test -coverprofile has written; a statement counts as
// reached if one of them says so. Each block of statements that is not reached
// must be in exceptions.txt, with a reason, and each that is there must not be
// reached. See exceptions.go for the form of that file. `make cover` makes the
// profiles. It is started in the root of the repository, and by root: what only
// tests reach that were skipped counts as not reached.
package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
)

const exceptionsFile = "tests/cover/exceptions.txt"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: cover profile...")
		os.Exit(2)
	}
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}

func check(profiles []string) error {
	blocks, err := readProfiles(profiles)
	if err != nil {
		return err
	}
	if err := describe(blocks); err != nil {
		return err
	}
	f, err := os.Open(exceptionsFile)
	if err != nil {
		return err
	}
	defer f.Close()
	list, err := readExceptions(f)
	if err != nil {
		return fmt.Errorf("%s: %w", exceptionsFile, err)
	}
	return verdict(blocks, list)
}

// verdict prints what is not reached, with the reason or without, what is
// excepted and should not be, and how much is reached.
func verdict(blocks []*block, list []*exception) error {
	stale := match(blocks, list)
	slices.SortFunc(blocks, byPlace)
	statements, reached, missing := 0, 0, 0
	for _, b := range blocks {
		statements += b.statements
		switch {
		case b.reached:
			reached += b.statements
		case b.exception != nil:
			fmt.Printf("%s:%d: %s: %s\n\texcepted, line %d: %s\n", b.file, b.line, b.function, b.text, b.exception.line, b.exception.reason)
		default:
			missing++
			fmt.Printf("%s:%d: %s: %s\n\tNOT REACHED\n", b.file, b.line, b.function, b.text)
		}
	}
	for _, e := range stale {
		fmt.Printf("%s:%d: %s\n\tREACHED, or there is no such block\n", exceptionsFile, e.line, e.name())
	}
	fmt.Printf("%d of %d statements are reached, %.2f %%\n", reached, statements, 100*float64(reached)/float64(max(statements, 1)))
	if missing+len(stale) > 0 {
		return fmt.Errorf("%d blocks are not reached and not excepted, and %d exceptions are none", missing, len(stale))
	}
	return nil
}

func byPlace(a, b *block) int {
	return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
}
