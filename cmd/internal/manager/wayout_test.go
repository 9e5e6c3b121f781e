package manager

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
)

// state is one in which something is refused, and what was refused.
type state struct {
	m       *Manager
	refused func() error
	lasts   map[string]string // what stands for a choice in the texts, and what is chosen
}

// follow carries out what a text advises, word for word.
func (s *state) follow(t *testing.T, command string) error {
	t.Helper()
	for word, choice := range s.lasts {
		command = strings.ReplaceAll(command, word, choice)
	}
	words := strings.Fields(command)[1:]
	flag := func(name string) bool { return slices.Contains(words, name) }
	n := func(i int) int { k, _ := strconv.Atoi(words[i]); return k }
	ctx := t.Context()
	var err error
	switch words[0] {
	case "resume":
		_, err = s.m.Resume(ctx, control.ResumeArgs{ID: n(1), Path: words[2], AcceptStale: flag("--accept-stale")}, quiet)
	case "create":
		_, err = s.m.Create(ctx, control.CreateArgs{Name: words[1], ID: n(2), Path: words[3], OtherDisk: flag("--other-disk")}, quiet)
	case "attach":
		err = s.m.attachTo(t, control.AttachArgs{Device: n(1), Cache: n(2), Unidentified: flag("--unidentified"), AcceptChanged: flag("--accept-changed")}, quiet)
	case "remove":
		_, err = s.m.Remove(ctx, control.IDArgs{ID: n(1)}, quiet)
	case "free-cache":
		_, err = s.m.FreeCache(ctx, control.IDArgs{ID: n(1)}, quiet)
	case "forget":
		if c := s.m.resumedOn(words[1]); c != 0 {
			_, err = s.m.Forget(ctx, control.ForgetArgs{Cache: c, Device: n(2), Yes: true}, quiet)
			break
		}
		err = s.offline(ctx, append(words, "--yes"))
	default:
		err = s.offline(ctx, words)
	}
	return err
}

func (s *state) offline(ctx context.Context, words []string) error {
	out, err := managertest.LC(ctx, words...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// resumedOn is the cache that a path is resumed as, or 0.
func (m *Manager) resumedOn(path string) int {
	for _, l := range m.List().Caches {
		if l.Device == path {
			return l.ID
		}
	}
	return 0
}

func (m *Manager) creating(t *testing.T, name string, id int, path string) func() error {
	return func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: name, ID: id, Path: path}, quiet)
		return err
	}
}

func (m *Manager) resuming(t *testing.T, id int, path string) func() error {
	return func() error {
		_, err := m.Resume(t.Context(), control.ResumeArgs{ID: id, Path: path}, quiet)
		return err
	}
}

// file stands for FILE in a text: a copy of a disk, or room for what is saved.
func file(t *testing.T) map[string]string { return map[string]string{"FILE": disk(t, "file", 16<<20)} }

// Every refusal names ways out, and each works in that very state.
func TestP8WaysOut(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T) *state
		ways []string // the commands of a way, in the order of the text, with | between them
		left bool     // what was refused is still, for what was chosen
	}{
		"a foreign cache holds data": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, _ := dirtied(t, whose.Describe, backing)
				return &state{m: m, refused: m.creating(t, "myLV", 5, backing), lasts: map[string]string{"resume ID": "resume 3"}}
			},
			[]string{"lc resume ID"}, false,
		},
		"a foreign cache holds data, under another id": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, _ := dirtied(t, whose.Describe, backing)
				return &state{m: m, refused: m.creating(t, "other", 6, backing), lasts: map[string]string{"resume ID": "resume 3"}}
			},
			[]string{"lc resume ID|lc create other 5"}, true,
		},
		"data under another id": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, cache := dirtied(t, whose.Describe, backing)
				m.mustResume(t, 3, cache)
				return &state{m: m, refused: m.creating(t, "other", 6, backing)}
			},
			[]string{"lc create other 5"}, true,
		},
		"an id of another disk": {
			func(t *testing.T) *state {
				m, cache := dirtied(t, whose.Describe, filled(t, "its content"))
				m.mustResume(t, 3, cache)
				return &state{m: m, refused: m.creating(t, "other", 5, filled(t, "another")), lasts: file(t)}
			},
			[]string{"lc forget", "lc free-cache 3|lc replay"}, true,
		},
		"an id of a disk of another identity, and nothing tells": {
			func(t *testing.T) *state {
				backing := disk(t, "blank", 8<<20)
				m, cache := dirtied(t, whose.Describe, backing)
				m.mustResume(t, 3, cache)
				return &state{m: m, refused: m.creating(t, "other", 5, copied(t, backing, "renamed")), lasts: file(t)}
			},
			[]string{"lc free-cache 3|lc replay", "lc forget"}, true,
		},
		"a disk that has shrunk": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, cache := dirtied(t, whose.Describe, backing)
				resize(t, backing, 4<<20)
				m.mustResume(t, 3, cache)
				return &state{m: m, refused: m.creating(t, "myLV", 5, backing), lasts: file(t)}
			},
			[]string{"lc forget", "lc free-cache 3|lc replay"}, true,
		},
		"nothing tells whether it is the one": {
			func(t *testing.T) *state {
				m, cache := dirtied(t, nameless, disk(t, "a", 8<<20))
				m.mustResume(t, 3, cache)
				return &state{m: m, refused: m.creating(t, "b", 6, disk(t, "b", 8<<20))}
			},
			[]string{"lc create b 6"}, true,
		},
		"two logs with data of a disk without an identity": {
			func(t *testing.T) *state {
				m, backing := wentOn(t, false)
				return &state{m: m, refused: m.creating(t, "later", 6, backing), lasts: file(t)}
			},
			[]string{"lc create later 6", "lc free-cache 3|lc replay /", "lc forget"}, true,
		},
		"a name that the data has": {
			func(t *testing.T) *state {
				m, cache := dirtied(t, nameless, disk(t, "a", 8<<20))
				m.mustResume(t, 3, cache)
				return &state{m: m, refused: m.creating(t, "myLV", 6, disk(t, "b", 8<<20)), lasts: map[string]string{"create NAME": "create another"}}
			},
			[]string{"lc create NAME 6", "lc create myLV 5"}, true,
		},
		"attach, and nothing tells": {
			func(t *testing.T) *state {
				a := disk(t, "a", 8<<20)
				m, cache := dirtied(t, nameless, a)
				m.mustResume(t, 3, cache)
				m.mustCreate(t, "myLV", 5, a)
				return &state{m: m, refused: func() error { return m.attachTo(t, control.AttachArgs{Device: 5, Cache: 3}, quiet) }}
			},
			[]string{"lc attach 5 3 --unidentified", "lc remove 5"}, true,
		},
		"a disk that was changed": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, cache := dirtied(t, whose.Describe, backing)
				mounted(t, backing)
				m.mustResume(t, 3, cache)
				m.mustCreate(t, "myLV", 5, backing)
				return &state{m: m, refused: func() error { return m.attachTo(t, control.AttachArgs{Device: 5, Cache: 3}, quiet) }, lasts: file(t)}
			},
			[]string{"lc attach 5 3 --accept-changed", "lc forget", "lc remove 5|lc free-cache 3|lc replay"}, true,
		},
		"another cache than the one it waits for": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, cache := dirtied(t, whose.Describe, backing)
				m.mustResume(t, 3, cache)
				m.mustResume(t, 4, formatted(t))
				m.mustCreate(t, "myLV", 5, backing)
				return &state{m: m, refused: func() error { return m.attachTo(t, control.AttachArgs{Device: 5, Cache: 4}, quiet) }}
			},
			[]string{"lc attach 5 3"}, true,
		},
		"a disk that is shown without its log": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, cache := dirtied(t, whose.Describe, backing)
				m.record = ""
				m.mustCreate(t, "early", 8, backing)
				return &state{m: m, refused: m.resuming(t, 3, cache)}
			},
			[]string{"lc remove 8"}, false,
		},
		"two logs with data of a disk": {
			func(t *testing.T) *state {
				backing := filled(t, "its content")
				m, cache := dirtied(t, whose.Describe, backing)
				m.record = ""
				m.mustResume(t, 4, formatted(t))
				m.mustCreate(t, "early", 8, backing)
				m.mustAttach(t, control.AttachArgs{Device: 8, Cache: 4})
				return &state{m: m, refused: m.resuming(t, 3, cache), lasts: file(t)}
			},
			[]string{"lc replay|lc forget", "lc forget"}, false,
		},
		"an old copy": {
			func(t *testing.T) *state {
				m, cache := dirtied(t, whose.Describe, filled(t, "its content"))
				old := copied(t, cache, "old")
				m.mustResume(t, 3, cache)
				m.mustFree(t, 3)
				return &state{m: m, refused: m.resuming(t, 3, old)}
			},
			[]string{"lc resume 3"}, true,
		},
		"a cache for a backing": {
			func(t *testing.T) *state {
				m := newManager(t)
				return &state{m: m, refused: m.creating(t, "x", 6, formatted(t))}
			},
			[]string{"lc wipe-cache"}, false,
		},
	} {
		for _, way := range c.ways {
			t.Run(name+", "+way, func(t *testing.T) {
				s := c.make(t)
				err := s.refused()
				if err == nil {
					t.Fatal("not refused")
				}
				text := err.Error()
				for _, start := range strings.Split(way, "|") {
					command := start
					if from := strings.Index(text, "`"+start); from >= 0 {
						command, _, _ = strings.Cut(text[from+1:], "`")
					} else {
						t.Fatalf("%q is not in: %s", start, text)
					}
					if err := s.follow(t, command); err != nil {
						t.Fatalf("%s\nadvises %s, and that ends with: %v", text, command, err)
					}
				}
				if err := s.refused(); (err != nil) != c.left && !strings.HasPrefix(way, "lc forget") && !strings.HasPrefix(way, "lc attach") {
					t.Errorf("afterwards: %v", err)
				}
			})
		}
	}
}
