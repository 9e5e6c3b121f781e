package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// newLog makes the server's log, a line for each thing that happened, for
// people and for grep:
//
//	2026/02/03 04:05:06 attach: device 5 (db): ... attached to cache 3  device=5 cache=3
func newLog(to io.Writer) *slog.Logger {
	s := &sheet{to: to}
	return slog.New(lines{s, slog.NewTextHandler(&s.line, &slog.HandlerOptions{ReplaceAttr: onlyKeys})})
}

// sheet is what lines are written to, one at a time.
type sheet struct {
	mu   sync.Mutex
	line bytes.Buffer
	to   io.Writer
}

// lines writes the time and the sentence as they are, and leaves what follows
// them to keys.
type lines struct {
	*sheet
	keys slog.Handler
}

// onlyKeys drops what lines writes itself.
func onlyKeys(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

func (l lines) Enabled(ctx context.Context, level slog.Level) bool {
	return l.keys.Enabled(ctx, level)
}

func (l lines) WithAttrs(as []slog.Attr) slog.Handler { return lines{l.sheet, l.keys.WithAttrs(as)} }

func (l lines) WithGroup(name string) slog.Handler { return lines{l.sheet, l.keys.WithGroup(name)} }

func (l lines) Handle(ctx context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line.Reset()
	l.line.WriteString(r.Time.Format("2006/01/02 15:04:05 "))
	if r.Level != slog.LevelInfo {
		l.line.WriteString(r.Level.String() + " ")
	}
	l.line.WriteString(r.Message + "  ")
	if err := l.keys.Handle(ctx, r); err != nil {
		return err
	}
	_, err := l.to.Write(append(bytes.TrimRight(l.line.Bytes(), " \n"), '\n'))
	return err
}
