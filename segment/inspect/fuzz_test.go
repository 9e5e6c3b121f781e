package inspect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// FuzzInspect looks in every way at a cache with bytes changed anywhere: no
// panic, no endless loop, and whatever replays was in the log.
func FuzzInspect(f *testing.F) {
	f.Add([]byte{0x40, 0x08, 0xff}, false)
	f.Add([]byte{0x40, 0x08, 0xff, 0x08, 0x00, 0x01}, true)
	clean := reused(f)
	f.Fuzz(func(t *testing.T, patches []byte, supers bool) {
		b := bytes.Clone(clean.b)
		for ; len(patches) >= 3; patches = patches[3:] {
			at := int(patches[0]) | int(patches[1])<<8
			switch {
			case supers:
				at = at%2*segment.SuperSpace + at/2%1024
			default:
				at = segment.LogOffset + at%(len(b)-segment.LogOffset)
			}
			b[at] ^= patches[2]
		}
		m, err := Open(bytes.NewReader(b), int64(len(b)))
		must(t, err)
		defer m.Close()
		must(t, Fprint(io.Discard, m.DumpSuper()))
		l, err := m.Survey(context.Background(), Options{Payload: true})
		if err != nil {
			return
		}
		must(t, l.Report().Fprint(io.Discard, true))
		for id := uint64(1); id <= 13; id++ {
			sections, err := m.DumpSegment(id)
			must(t, err)
			must(t, Fprint(io.Discard, sections))
		}
		for _, bound := range l.Super.Bindings {
			for _, choice := range []Choice{Refuse, StopBefore, Skip} {
				p, err := l.Plan(bound.ID, choice)
				if errors.Is(err, segment.ErrDamaged) || errors.Is(err, segment.ErrVersion) {
					continue
				}
				must(t, err)
				must(t, p.Replay(context.Background(), discard{}, nil))
			}
		}
	})
}

// discard is a disk that nothing comes back from.
type discard struct{}

func (discard) WriteAt(b []byte, off int64) (int, error) { return len(b), nil }
func (discard) Flush() error                             { return nil }
