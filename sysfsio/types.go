package sysfsio

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Type is what the values of an attribute are: how they are spelled, from where
// to where they go, and what a plain number counts. [Bool], [Integer], [Bytes],
// [Duration], [Choice] and [Text] are all there are.
type Type interface {
	Name() string
	Unit() string      // of a plain number; "" if it has none
	Range() string     // what is taken, in words
	Spellings() string // in which other words it is taken, if in any
}

// typed is a type whose values are Vs in Go. What is shown is parsed to the same
// value again.
type typed[V any] interface {
	Type
	parse(string) (V, bool) // false: not a value of the type, or out of its range
	plain(V) any            // true or false, a number in the unit, or a string
}

// show spells a plain value as lc get prints it; nil is one that is not known.
func show(plain any) string {
	switch v := plain.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "1"
		}
		return "0"
	}
	return fmt.Sprint(plain)
}

// Bool is 0 or 1.
type Bool struct{}

// Name of the type.
func (Bool) Name() string { return "bool" }

// Unit of the values.
func (Bool) Unit() string { return "" }

// Range in words.
func (Bool) Range() string { return "0 or 1" }

// Spellings in words.
func (Bool) Spellings() string { return "or off, on, no, yes, false, true" }

func (Bool) parse(s string) (bool, bool) {
	switch strings.ToLower(s) {
	case "0", "off", "no", "false":
		return false, true
	case "1", "on", "yes", "true":
		return true, true
	}
	return false, false
}

func (Bool) plain(v bool) any { return v }

// Choice is one of a few words.
type Choice []string

// Name of the type.
func (Choice) Name() string { return "choice" }

// Unit of the values.
func (Choice) Unit() string { return "" }

// Range in words.
func (c Choice) Range() string {
	last := len(c) - 1
	if last == 0 {
		return c[0]
	}
	return strings.Join(c[:last], ", ") + " or " + c[last]
}

// Spellings in words.
func (Choice) Spellings() string { return "" }

func (c Choice) parse(s string) (string, bool) {
	for _, word := range c {
		if strings.EqualFold(word, s) {
			return word, true
		}
	}
	return "", false
}

func (Choice) plain(v string) any { return v }

// Text is a line, which is set to printable characters only.
type Text struct {
	Max int // bytes; 0 = no bound
}

// Name of the type.
func (Text) Name() string { return "text" }

// Unit of the values.
func (Text) Unit() string { return "" }

// Range in words.
func (t Text) Range() string {
	if t.Max == 0 {
		return "a line of text"
	}
	return fmt.Sprintf("a line of text of up to %d bytes", t.Max)
}

// Spellings in words.
func (Text) Spellings() string { return "" }

func (t Text) parse(s string) (string, bool) {
	if t.Max > 0 && len(s) > t.Max || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", false
	}
	return s, true
}

func (Text) plain(v string) any { return v }
