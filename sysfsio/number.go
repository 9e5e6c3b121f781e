package sysfsio

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Integer is a count of something.
type Integer struct {
	Min, Max int64 // Max 0: there is no bound
	Of       string
}

// Name of the type.
func (Integer) Name() string { return "integer" }

// Unit of the values.
func (t Integer) Unit() string { return t.Of }

// Range in words.
func (t Integer) Range() string { return between(t.Min, t.Max, t.Of) }

// Spellings in words.
func (t Integer) Spellings() string {
	if t.small() {
		return ""
	}
	return "or such as 1K, which is 1024; M, G and T are the powers that follow"
}

// small tells whether nobody would count by thousands.
func (t Integer) small() bool { return t.Max > 0 && t.Max < 1<<10 }

func (t Integer) parse(s string) (int64, bool) {
	n, rest, ok := split(s, t.Of)
	if !ok || rest != "" && t.small() {
		return 0, false
	}
	factor, ok := powers[strings.ToUpper(rest)]
	return scaled(n, factor, t.Min, t.Max, ok)
}

func (Integer) plain(v int64) any { return v }

// Bytes is a size, or a rate.
type Bytes struct {
	Min, Max  int64 // Max 0: there is no bound
	PerSecond bool
}

// Name of the type.
func (Bytes) Name() string { return "bytes" }

// Unit of the values.
func (t Bytes) Unit() string {
	if t.PerSecond {
		return "bytes/s"
	}
	return "bytes"
}

// Range in words.
func (t Bytes) Range() string { return between(t.Min, t.Max, t.Unit()) }

// Spellings in words.
func (t Bytes) Spellings() string {
	return "or such as 64K, 10MiB, 1G, which are powers of 1024, or 10MB, of 1000"
}

func (t Bytes) parse(s string) (int64, bool) {
	n, rest, ok := split(s, t.Unit())
	if !ok {
		return 0, false
	}
	if t.PerSecond {
		rest = strings.TrimSpace(strings.TrimSuffix(rest, "/s"))
	}
	rest = strings.ToUpper(rest)
	factor, ok := powers[strings.TrimSuffix(rest, "IB")]
	if strings.HasSuffix(rest, "IB") && factor == 1 {
		return 0, false // iB alone is nothing
	}
	if decimal, is := strings.CutSuffix(rest, "B"); is && !ok {
		factor, ok = thousands[decimal]
	}
	return scaled(n, factor, t.Min, t.Max, ok)
}

func (Bytes) plain(v int64) any { return v }

// Duration is a time, in whole units.
type Duration struct {
	Min, Max time.Duration // Max 0: there is no bound
	In       time.Duration // time.Second, Millisecond or Microsecond
}

// Name of the type.
func (Duration) Name() string { return "duration" }

// Unit of the values.
func (t Duration) Unit() string {
	switch t.In {
	case time.Microsecond:
		return "us"
	case time.Millisecond:
		return "ms"
	}
	return "s"
}

// Range in words.
func (t Duration) Range() string { return between(int64(t.Min/t.In), int64(t.Max/t.In), t.Unit()) }

// Spellings in words.
func (t Duration) Spellings() string {
	switch t.In {
	case time.Microsecond:
		return "or such as 500us, 20ms, 1s"
	case time.Millisecond:
		return "or such as 500ms, 3s"
	}
	return "or such as 90s, 5m, 1h30m, in whole seconds"
}

func (t Duration) parse(s string) (time.Duration, bool) {
	if n, rest, ok := split(s, t.Unit()); ok && rest == "" {
		v, ok := scaled(n, int64(t.In), int64(t.Min), int64(t.Max), true)
		return time.Duration(v), ok
	}
	d, err := time.ParseDuration(s)
	if err != nil || d%t.In != 0 || d < t.Min || t.Max > 0 && d > t.Max {
		return 0, false
	}
	return d, true
}

func (t Duration) plain(v time.Duration) any { return int64(v / t.In) }

// powers and thousands are what a number may be followed by.
var (
	powers    = map[string]int64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
	thousands = map[string]int64{"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
)

// between is a range in words; a max of 0 is no bound.
func between(low, high int64, unit string) string {
	words := strconv.FormatInt(low, 10)
	switch {
	case high == 0:
		words += " or more"
	case high == low+1:
		words += " or " + strconv.FormatInt(high, 10)
	case high > low:
		words += " to " + strconv.FormatInt(high, 10)
	}
	return strings.TrimSpace(words + " " + unit)
}

// split takes a number apart from what follows it, but for the unit, which may
// be left out.
func split(s, unit string) (n int64, rest string, ok bool) {
	s = strings.TrimPrefix(s, "+")
	end := len(s) - len(strings.TrimLeft(s, "0123456789"))
	n, err := strconv.ParseInt(s[:end], 10, 64)
	rest = strings.TrimSpace(s[end:])
	if unit != "" {
		rest = strings.TrimSpace(strings.TrimSuffix(rest, unit))
	}
	return n, rest, err == nil
}

// scaled is n times a factor, if it is within a range; a max of 0 is no bound.
func scaled(n, factor, low, high int64, ok bool) (int64, bool) {
	if high == 0 {
		high = math.MaxInt64
	}
	if !ok || n > high/factor || n*factor < low {
		return 0, false
	}
	return n * factor, true
}
