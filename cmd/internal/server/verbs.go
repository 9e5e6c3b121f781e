package server

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
)

// handler carries out a verb.
type handler func(ctx context.Context, s *Server, raw json.RawMessage, report manager.Reporter) (any, error)

// verb makes a handler of a manager's method with arguments of its own type.
func verb[A, R any](do func(*manager.Manager, context.Context, A, manager.Reporter) (R, error)) handler {
	return func(ctx context.Context, s *Server, raw json.RawMessage, report manager.Reporter) (any, error) {
		var a A
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &a); err != nil {
				return nil, control.Errorf(control.Usage, "the arguments cannot be understood: %w", err)
			}
		}
		return do(s.m, ctx, a, report)
	}
}

// plain makes a handler of what takes nothing and never waits.
func plain[R any](do func(*Server) (R, error)) handler {
	return func(_ context.Context, s *Server, _ json.RawMessage, _ manager.Reporter) (any, error) { return do(s) }
}

var verbs = map[string]handler{
	control.VerbResume:       verb((*manager.Manager).Resume),
	control.VerbFreeCache:    verb((*manager.Manager).FreeCache),
	control.VerbCreate:       verb((*manager.Manager).Create),
	control.VerbRemove:       verb((*manager.Manager).Remove),
	control.VerbAttach:       verb((*manager.Manager).Attach),
	control.VerbDetach:       verb((*manager.Manager).Detach),
	control.VerbDrain:        verb((*manager.Manager).Drain),
	control.VerbDamage:       verb((*manager.Manager).Damage),
	control.VerbForget:       verb((*manager.Manager).Forget),
	control.VerbReopen:       verb((*manager.Manager).Reopen),
	control.VerbDaemonStart:  plain(func(s *Server) (*control.Done, error) { return s.pilot.Start() }),
	control.VerbDaemonStop:   plain(func(s *Server) (*control.Done, error) { return s.pilot.Stop() }),
	control.VerbDaemonStatus: plain(func(s *Server) (control.DaemonStatus, error) { return s.pilot.Status(), nil }),
	control.VerbList:         plain(func(s *Server) (*control.List, error) { return s.m.List(), nil }),
	control.VerbStatus:       plain(func(s *Server) (*control.Status, error) { return s.status(), nil }),
	control.VerbGet: verb(func(m *manager.Manager, _ context.Context, a control.AttributeArgs, _ manager.Reporter) ([]control.Attribute, error) {
		return m.Get(a)
	}),
	control.VerbWhy: verb(func(m *manager.Manager, _ context.Context, a control.IDArgs, _ manager.Reporter) (*control.Why, error) {
		return m.Why(a)
	}),
	control.VerbSet:      verb((*manager.Manager).Set),
	control.VerbShutdown: verb((*manager.Manager).Shutdown),
}

// status tells all there is to know.
func (s *Server) status() *control.Status {
	all := s.m.Status()
	all.Server = control.ServerStatus{PID: os.Getpid(), Version: Version(), UptimeSeconds: int64(time.Since(s.started).Seconds())}
	all.Daemon = s.pilot.Status()
	return all
}
