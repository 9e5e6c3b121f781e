package sysfsio

import (
	"context"
	"fmt"
	"strconv"
)

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
	Name     string
	Mode     Mode
	Unit     string // "" for names, flags and plain numbers
	Min, Max int    // of what may be set
	Default  string // "" if there is none
	Doc      string
	NoEffect string // why it makes no difference what is set; "" if it makes one
}

// parse takes a value within the attribute's range.
func (a *Attribute) parse(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < a.Min || n > a.Max {
		return 0, fmt.Errorf("%w %q: it takes %s", ErrValue, value, a.Range())
	}
	return n, nil
}

// Range says in words what may be set.
func (a *Attribute) Range() string {
	words := strconv.Itoa(a.Min)
	switch {
	case a.Max == a.Min+1:
		words += " or " + strconv.Itoa(a.Max)
	case a.Max > a.Min:
		words += " to " + strconv.Itoa(a.Max)
	}
	if a.Unit != "" {
		words += " " + a.Unit
	}
	return words
}

// entry is a line of the table: an attribute of a T.
type entry[T any] struct {
	Attribute
	show func(T) string
	set  func(context.Context, T, int) error
}

func number[N ~int | ~int64 | ~uint8 | ~uint64](n N) string { return fmt.Sprint(n) }

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
