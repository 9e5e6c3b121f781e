package control

import (
	"regexp"

	"github.com/ublk-lc/ublk-lc/segment"
)

// CheckID refuses an id of a cache or device that cannot be one.
func CheckID(what string, id int) error {
	if id < 1 || id > segment.MaxDevices {
		return Errorf(BadValue, "%s id %d is out of range; ids go from 1 to %d", what, id, segment.MaxDevices)
	}
	return nil
}

// fitName is what a device may be called: its name becomes a file name, and has 64 bytes in the log.
var fitName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)

// CheckName refuses a name that a device cannot have.
func CheckName(name string) error {
	if !fitName.MatchString(name) {
		return Errorf(BadValue, "name %q does not fit a path; take up to 64 letters, digits and . _ + -, the first a letter or digit", name)
	}
	return nil
}
