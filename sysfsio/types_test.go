package sysfsio

import (
	"strings"
	"testing"
	"time"
)

const mib = 1 << 20

// Natural spellings are taken, and mean what they say; what is ambiguous or
// beyond the range is not.
func TestSpellings(t *testing.T) {
	numbered := numbers(0, 1<<50, "segments")
	percent := numbers(10, 100, "%")
	bytes, perSecond := sizes(0, 1<<40), rates(4096, 1<<40)
	s, ms, us := seconds(1, 3600), times(0, time.Minute, time.Millisecond), times(0, 10*time.Second, time.Microsecond)
	word, label := choice("write-back", "write-through", "none"), typed[string](Text{Max: 8})
	checkSpelling(t, onOff, map[string]bool{
		"0": false, "1": true, "on": true, "OFF": false, "yes": true, "no": false, "True": true, "false": false,
	}, "", "2", "01", "y", "t", "enable", "on off")
	checkSpelling(t, numbered, map[string]int64{
		"0": 0, "007": 7, "+5": 5, "8 segments": 8, "8segments": 8, "1k": 1024, "2M": 2 * mib, "1G": 1 << 30, "1 T segments": 1 << 40,
	}, "", "-1", "1KiB", "1.5K", "segments", "K", "8 s", "8 segments segments", "1P", "9223372036854775807K", "2048T", "1KK", "0x10", "1_000", "٣")
	checkSpelling(t, percent, map[string]int64{"10": 10, "75%": 75, "100 %": 100}, "9", "101", "0K", "%", "75%%", "75.0%")
	checkSpelling(t, bytes, map[string]int64{
		"0": 0, "4096": 4096, "4096 bytes": 4096, "512B": 512, "64K": 64 << 10, "64k": 64 << 10, "10MiB": 10 * mib, "10mib": 10 * mib, "1 GiB": 1 << 30, "1T": 1 << 40,
		"10MB": 10_000_000, "3kB": 3000,
	}, "", "iB", "1iB", "1BB", "1Mi", "2T", "1.5G", "-1K", "10M/s", "1MiBB", "1 M B", "M", "16777216T")
	checkSpelling(t, perSecond, map[string]int64{
		"4096": 4096, "1M": mib, "1M/s": mib, "10 MiB/s": 10 * mib, "5000 bytes/s": 5000, "1MB/s": 1_000_000,
	}, "4095", "1K", "1M/m", "1M//s", "/s")
	checkSpelling(t, s, map[string]time.Duration{
		"1": time.Second, "90": 90 * time.Second, "3s": 3 * time.Second, "3 s": 3 * time.Second, "5m": 5 * time.Minute, "1h": time.Hour, "1m30s": 90 * time.Second,
		"2000ms": 2 * time.Second, "1.5m": 90 * time.Second, "0.5h": 30 * time.Minute,
	}, "", "0", "3601", "2h", "1500ms", "1.5s", "-5s", "5 m", "5M", "s", "1d", "1.5", "9223372036854775807", "99999999999999h")
	checkSpelling(t, ms, map[string]time.Duration{
		"0": 0, "3": 3 * time.Millisecond, "500ms": 500 * time.Millisecond, "3s": 3 * time.Second, "1.5s": 1500 * time.Millisecond, "2000us": 2 * time.Millisecond,
	}, "60001", "61s", "1500us", "3 s")
	checkSpelling(t, us, map[string]time.Duration{"2000": 2 * time.Millisecond, "2000us": 2 * time.Millisecond, "2ms": 2 * time.Millisecond, "7µs": 7 * time.Microsecond}, "11s", "5ns")
	checkSpelling(t, word, map[string]string{"write-back": "write-back", "NONE": "none"}, "", "write", "write-back or none", "0")
	checkSpelling(t, label, map[string]string{"": "", "fast": "fast", "a b": "a b", "größe": "größe"}, "12345678a", "a\nb", "a\x00", "\x7f", "\xff")
}

func checkSpelling[V comparable](t *testing.T, of typed[V], good map[string]V, bad ...string) {
	t.Helper()
	for text, want := range good {
		if got, ok := of.parse(text); !ok || got != want {
			t.Errorf("%s: %q is taken for %v, %v; want %v", of.Name(), text, got, ok, want)
		}
	}
	for _, text := range bad {
		if got, ok := of.parse(text); ok {
			t.Errorf("%s: %q is taken for %v", of.Name(), text, got)
		}
	}
}

// Each example that a type gives of its spellings is taken by one that has room
// for it.
func TestExamplesAreTaken(t *testing.T) {
	for _, c := range []struct {
		of   Type
		take func(string) bool
	}{
		{onOff, taken(onOff)}, {size, taken(size)}, {count(""), taken(count(""))}, {latency, taken(latency)},
		{seconds(0, 0), taken(seconds(0, 0))}, {times(0, 0, time.Millisecond), taken(times(0, 0, time.Millisecond))},
	} {
		examples := 0
		for word := range strings.FieldsFuncSeq(c.of.Spellings(), func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
			if c.take(word) {
				examples++
			} else if strings.ContainsAny(word, "0123456789") {
				t.Errorf("%s: %q is given as an example, and not taken", c.of.Name(), word)
			}
		}
		if examples < 2 {
			t.Errorf("%s: %d examples in %q", c.of.Name(), examples, c.of.Spellings())
		}
	}
}

func taken[V any](of typed[V]) func(string) bool {
	return func(text string) bool {
		_, ok := of.parse(text)
		return ok
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		of   Type
		want string
	}{
		{numbers(1, 1, ""), "1"}, {numbers(0, 1, "ms"), "0 or 1 ms"}, {numbers(10, 100, "%"), "10 to 100 %"}, {count("sectors"), "0 or more sectors"},
		{choice("a"), "a"}, {choice("a", "b", "c"), "a, b or c"}, {line, "a line of text"}, {Text{Max: 8}, "a line of text of up to 8 bytes"},
		{times(time.Millisecond, time.Second, time.Millisecond), "1 to 1000 ms"},
	} {
		if got := c.of.Range(); got != c.want {
			t.Errorf("%s: %q, want %q", c.of.Name(), got, c.want)
		}
	}
}

// Whatever is taken is shown within the range, and what is shown is taken for
// the same.
func FuzzTypes(f *testing.F) {
	for _, text := range []string{"0", "1", "on", "10 MiB", "64K", "1500ms", "1h30m", "75%", "5M/s", "9223372036854775807", "-1", "none", " 3 s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		again(t, onOff, text)
		again(t, numbers(3, 1<<50, "segments"), text)
		again(t, count("%"), text)
		again(t, sizes(4096, 1<<40), text)
		again(t, rates(0, 0), text)
		again(t, seconds(1, 3600), text)
		again(t, times(0, time.Minute, time.Millisecond), text)
		again(t, times(0, 0, time.Microsecond), text)
		again(t, choice("none", "write-back"), text)
		again(t, typed[string](Text{Max: 8}), text)
	})
}

func again[V comparable](t *testing.T, of typed[V], text string) {
	t.Helper()
	v, ok := of.parse(text)
	if !ok {
		return
	}
	printed := show(of.plain(v))
	if back, ok := of.parse(printed); !ok || back != v {
		t.Errorf("%s: %q is shown as %q, which is taken for %v, %v; want %v", of.Name(), text, printed, back, ok, v)
	}
	if unit := of.Unit(); unit != "" {
		if back, ok := of.parse(printed + " " + unit); !ok || back != v {
			t.Errorf("%s: with its unit %q is taken for %v, %v; want %v", of.Name(), printed+" "+unit, back, ok, v)
		}
	}
}
