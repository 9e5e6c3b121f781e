package sysfsio

import (
	"context"
	"time"
)

// row is a line of a table: an attribute of something of which a P is a snapshot,
// whose settings are an S, and which is known as a T.
type row[P, S, T any] struct {
	Attribute
	value func(*P) any                           // as its type has it plain; nil: it cannot be shown
	set   func(context.Context, T, string) error // nil: it cannot be set
	reset func(*S)                               // to the default; nil: it is no setting
}

// changer is what has settings.
type changer[S any] interface {
	Change(func(*S))
}

// lens is where, among settings, a value lies, and how.
type lens[S, V any] struct {
	get func(*S) V
	set func(*S, V)
}

// at is a value as it is.
func at[S, V any](field func(*S) *V) lens[S, V] {
	return lens[S, V]{func(s *S) V { return *field(s) }, func(s *S, v V) { *field(s) = v }}
}

// not is a bool that lies there the other way round.
func not[S any](field func(*S) *bool) lens[S, bool] {
	return lens[S, bool]{func(s *S) bool { return !*field(s) }, func(s *S, v bool) { *field(s) = !v }}
}

// whole is a number, whatever its size.
func whole[S any, N number](field func(*S) *N) lens[S, int64] {
	return lens[S, int64]{func(s *S) int64 { return int64(*field(s)) }, func(s *S, v int64) { *field(s) = N(v) }}
}

// number is what is counted in.
type number interface {
	~int | ~int64 | ~uint8 | ~uint32 | ~uint64
}

// num is a figure as [Integer] and [Bytes] have it.
func num[P any, N number](get func(*P) N) func(*P) int64 {
	return func(p *P) int64 { return int64(get(p)) }
}

// knob declares an attribute that is among the settings.
func knob[P, S, V any, T changer[S]](of func(*P) *S, name string, t typed[V], def V, l lens[S, V], doc string) row[P, S, T] {
	a := Attribute{Name: name, Mode: ReadWrite, Type: t, Default: show(t.plain(def)), Doc: doc}
	return row[P, S, T]{
		Attribute: a,
		value:     func(p *P) any { return t.plain(l.get(of(p))) },
		set: func(_ context.Context, to T, text string) error {
			v, ok := t.parse(text)
			if !ok {
				return a.refuse(text)
			}
			to.Change(func(s *S) { l.set(s, v) })
			return nil
		},
		reset: func(s *S) { l.set(s, def) },
	}
}

// shown declares an attribute that only shows.
func shown[P, S, T, V any](name string, t typed[V], get func(*P) V, doc string) row[P, S, T] {
	return row[P, S, T]{
		Attribute: Attribute{Name: name, Mode: ReadOnly, Type: t, Doc: doc},
		value:     func(p *P) any { return t.plain(get(p)) },
	}
}

// How the tables name the types: with the kind of Go value that each has.
var (
	onOff   typed[bool]          = Bool{}
	line    typed[string]        = Text{}
	size    typed[int64]         = Bytes{}
	rate    typed[int64]         = Bytes{PerSecond: true}
	latency typed[time.Duration] = Duration{In: time.Microsecond}
)

func count(of string) typed[int64]                           { return Integer{Of: of} }
func numbers(low, high int64, of string) typed[int64]        { return Integer{low, high, of} }
func sizes(low, high int64) typed[int64]                     { return Bytes{Min: low, Max: high} }
func rates(low, high int64) typed[int64]                     { return Bytes{low, high, true} }
func times(low, high, in time.Duration) typed[time.Duration] { return Duration{low, high, in} }
func seconds(low, high time.Duration) typed[time.Duration] {
	return Duration{low * time.Second, high * time.Second, time.Second}
}
func choice(words ...string) typed[string] { return Choice(words) }
