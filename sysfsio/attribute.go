package sysfsio

import "fmt"

// Mode says what may be done with an attribute.
type Mode uint16

// Modes of attributes, as of files.
const (
	ReadOnly  Mode = 0o444
	ReadWrite Mode = 0o644
	WriteOnly Mode = 0o200
)

// String is the mode as ls shows it, for the owner.
func (m Mode) String() string {
	switch m {
	case ReadOnly:
		return "r-"
	case ReadWrite:
		return "rw"
	}
	return "-w"
}

// Readable tells whether the attribute can be shown.
func (m Mode) Readable() bool { return m&0o400 != 0 }

// Writable tells whether the attribute can be set.
func (m Mode) Writable() bool { return m&0o200 != 0 }

// Attribute is one file below a cache or a device, without its value.
type Attribute struct {
	Name    string
	Mode    Mode
	Type    Type   // how its values are spelled, and their range and unit
	Default string // as it is shown; "" if there is none
	Doc     string
}

// refuse is the error for a value that the attribute cannot take.
func (a *Attribute) refuse(value string) error {
	err := fmt.Errorf("%w %q: it takes %s", ErrValue, value, a.Type.Range())
	if s := a.Type.Spellings(); s != "" {
		err = fmt.Errorf("%w, %s", err, s)
	}
	if a.Default != "" {
		err = fmt.Errorf("%w; the default is %s", err, a.Default)
	}
	return err
}
