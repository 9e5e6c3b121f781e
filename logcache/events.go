package logcache

// Events are optional callbacks. They run under the cache's lock on whatever
// thread it is: they must be quick and must not call back.
type Events struct {
	Progress func()      // more is durable, or migrated: there may be more to migrate
	Closed   func()      // a segment of the log is full or was ended
	Parked   func()      // a write that may go has no room, after a time when none waited so
	Broken   func(error) // the cache takes no more writes
}

func (e *Events) parked() {
	if e.Parked != nil {
		e.Parked()
	}
}

func (e *Events) progress() {
	if e.Progress != nil {
		e.Progress()
	}
}

func (e *Events) closed() {
	if e.Closed != nil {
		e.Closed()
	}
}

func (e *Events) broken(err error) {
	if e.Broken != nil {
		e.Broken(err)
	}
}
