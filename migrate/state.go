package migrate

// state is what a migrator is doing.
type state uint8

const (
	idle       state = iota
	reading          // segments into batch memory
	writing          // sorted runs to the backings
	flushing         // each backing once
	committing       // the superblock
)

func (s state) String() string {
	return [...]string{"idle", "reading", "writing", "flushing", "committing"}[s]
}

// Waits is what migration waits for in its present state, in words.
func (s *Status) Waits() string {
	switch s.State {
	case reading.String():
		return "reads of the cache device"
	case writing.String():
		return "writes to the backings"
	case flushing.String():
		return "a flush of the backings"
	case committing.String():
		return "the superblock of the cache device"
	}
	return "the log to become durable"
}
