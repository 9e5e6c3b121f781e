package server

import (
	"fmt"
	"runtime/debug"
)

// Release is the version of this program: the first one of CHANGELOG.md.
const Release = "v0.1.0"

// Version is the release, and the revision that the program was built from, if
// the build tells.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Release
	}
	return version(info.Settings)
}

func version(build []debug.BuildSetting) string {
	revision, changed := "", ""
	for _, s := range build {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = ", and changes"
		}
	}
	if revision == "" {
		return Release
	}
	return fmt.Sprintf("%s (revision %s%s)", Release, revision, changed)
}
