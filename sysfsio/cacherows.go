package sysfsio

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ublk-lc/ublk-lc/migrate/pace"
)

type cacheRow = row[CacheSnapshot, Settings, Cache]

// setting declares an attribute that is among [Settings].
func setting[V any](name string, t typed[V], def V, l lens[Settings, V], doc string) cacheRow {
	return knob[CacheSnapshot, Settings, V, Cache](func(p *CacheSnapshot) *Settings { return &p.Settings }, name, t, def, l, doc)
}

// figure declares an attribute that only shows.
func figure[V any](name string, t typed[V], get func(*CacheSnapshot) V, doc string) cacheRow {
	return shown[CacheSnapshot, Settings, Cache](name, t, get, doc)
}

// action declares an attribute that does something when 1 is written to it.
func action(name string, do func(Cache, context.Context) error, doc string) cacheRow {
	one := Integer{Min: 1, Max: 1}
	a := Attribute{Name: name, Mode: WriteOnly, Type: one, Doc: doc}
	return cacheRow{Attribute: a, set: func(ctx context.Context, c Cache, text string) error {
		if _, ok := one.parse(text); !ok {
			return a.refuse(text)
		}
		return do(c, ctx)
	}}
}

// discardSlots is refused where nothing comes of it.
func discardSlots(name, doc string) cacheRow {
	r := setting(name, onOff, false, at(func(s *Settings) *bool { return &s.DiscardSlots }), doc)
	set := r.set
	r.set = func(ctx context.Context, c Cache, text string) error {
		if on, _ := onOff.parse(text); on && !c.CanDiscard() {
			return fmt.Errorf("%w: %s gives no room back, or does not promise zeroes for it; leave it at 0", ErrMode, c.Snapshot().Path)
		}
		return set(ctx, c, text)
	}
	return r
}

// oldestAge is a figure that may not be known.
func oldestAge(name, doc string) cacheRow {
	t := Duration{In: time.Second}
	return cacheRow{
		Attribute: Attribute{Name: name, Mode: ReadOnly, Type: t, Doc: doc},
		value: func(c *CacheSnapshot) any {
			age := c.Pace.Snapshot.Age
			if age == pace.Unknown {
				return nil
			}
			return t.plain(age + time.Second - 1) // none is older than what is shown
		},
	}
}

// percent is a share that lies there as 0 to 1.
func percent(field func(*Settings) *float64) lens[Settings, int64] {
	return lens[Settings, int64]{
		func(s *Settings) int64 { return int64(math.Round(100 * *field(s))) },
		func(s *Settings, v int64) { *field(s) = float64(v) / 100 },
	}
}

// What state says.
const (
	running = "running"
	broken  = "broken"
)

func (c *CacheSnapshot) state() string {
	if c.Log.Broken != "" {
		return broken
	}
	return running
}
