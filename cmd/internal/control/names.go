package control

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxID is the largest id of a cache or device: as many devices as the log's
// format has room for.
const MaxID = 127

// CheckID refuses an id of a cache or device that cannot be one.
func CheckID(what string, id int) error {
	if id < 1 || id > MaxID {
		return Errorf(BadValue, "%s id %d is out of range; ids go from 1 to %d", what, id, MaxID)
	}
	return nil
}

// fitName is what a device may be called: its name becomes a file name, and has
// 64 bytes in the log.
var fitName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)

// CheckName refuses a name that a device cannot have.
func CheckName(name string) error {
	if !fitName.MatchString(name) {
		return Errorf(BadValue, "name %q does not fit a path; take up to 64 letters, digits and . _ + -, the first a letter or digit", name)
	}
	return nil
}

// longestLabel is what the superblock has room for, in bytes.
const longestLabel = 32

// CheckLabel refuses a label that a cache cannot have. Labels are text that
// lists and scripts can show as it is.
func CheckLabel(label string) error {
	switch {
	case len(label) > longestLabel:
		return Errorf(BadValue, "label %q has %d bytes; at most %d fit", label, len(label), longestLabel)
	case !clean(label):
		return Errorf(BadValue, "label %q is not clean text; take printable characters in UTF-8, without blanks at either end", label)
	}
	return nil
}

// Show makes a label or name fit for a terminal: one that is no clean text, as
// earlier versions took it or somebody else wrote it, is quoted.
func Show(text string) string {
	if clean(text) {
		return text
	}
	return strconv.Quote(text)
}

func clean(text string) bool {
	unfit := func(r rune) bool { return !unicode.IsPrint(r) }
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unfit) && strings.TrimSpace(text) == text
}
