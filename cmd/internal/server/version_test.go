package server

import (
	"os"
	"regexp"
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	for want, build := range map[string][]debug.BuildSetting{
		Release:                                  nil,
		Release + " (revision abc)":              {{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}},
		Release + " (revision abc, and changes)": {{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}},
	} {
		if got := version(build); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The program and the changelog say the same of what it is.
func TestReleaseIsInTheChangelog(t *testing.T) {
	b, err := os.ReadFile("../../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(?m)^## (\S+)`).FindSubmatch(b)
	if first == nil || string(first[1]) != Release {
		t.Errorf("the newest version in the changelog is %q, and the program is %s", first, Release)
	}
}
