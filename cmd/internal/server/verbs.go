package server

import (
	"context"
	"encoding/json"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// handler carries out a verb.
type handler func(ctx context.Context, m *Manager, raw json.RawMessage, report reporter) (any, error)

// verb makes a handler of a method with arguments of its own type.
func verb[A, R any](do func(*Manager, context.Context, A, reporter) (R, error)) handler {
	return func(ctx context.Context, m *Manager, raw json.RawMessage, report reporter) (any, error) {
		var a A
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &a); err != nil {
				return nil, control.Errorf(control.Usage, "the arguments cannot be understood: %w", err)
			}
		}
		return do(m, ctx, a, report)
	}
}

// plain makes a handler of a method that takes nothing and never waits.
func plain[R any](do func(*Manager) (R, error)) handler {
	return func(_ context.Context, m *Manager, _ json.RawMessage, _ reporter) (any, error) { return do(m) }
}

var verbs = map[string]handler{
	control.VerbResume:      verb((*Manager).Resume),
	control.VerbFreeCache:   verb((*Manager).FreeCache),
	control.VerbCreate:      verb((*Manager).Create),
	control.VerbRemove:      verb((*Manager).Remove),
	control.VerbAttach:      verb((*Manager).Attach),
	control.VerbDetach:      verb((*Manager).Detach),
	control.VerbDrain:       verb((*Manager).Drain),
	control.VerbDamage:      verb((*Manager).Damage),
	control.VerbForget:      verb((*Manager).Forget),
	control.VerbReopen:      verb((*Manager).Reopen),
	control.VerbDaemonStart: plain((*Manager).StartDaemon),
	control.VerbDaemonStop:  plain((*Manager).StopDaemon),
	control.VerbDaemonStatus: plain(func(m *Manager) (control.DaemonStatus, error) {
		return m.DaemonStatus(), nil
	}),
	control.VerbList:   plain(func(m *Manager) (*control.List, error) { return m.List(), nil }),
	control.VerbStatus: plain(func(m *Manager) (*control.Status, error) { return m.Status(), nil }),
	control.VerbGet: verb(func(m *Manager, _ context.Context, a control.AttributeArgs, _ reporter) ([]control.Attribute, error) {
		return m.Get(a)
	}),
	control.VerbWhy: verb(func(m *Manager, _ context.Context, a control.IDArgs, _ reporter) (*control.Why, error) {
		return m.Why(a)
	}),
	control.VerbSet:      verb((*Manager).Set),
	control.VerbShutdown: verb((*Manager).Shutdown),
}
