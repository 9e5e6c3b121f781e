package pace

import "time"

const (
	// slice is how long a backing belongs to migration, or to its users, when both
	// want it. A disk that serves what is nearest may leave a read alone for
	// seconds while hundreds of sorted writes wait beside it; so they must not.
	slice = 100 * time.Millisecond
	// idleAfter is how long users may have nothing under way before they are taken
	// to have gone: who waits for a read asks for the next one after it.
	idleAfter = 10 * time.Millisecond
	// sliceDepth is the depth on a backing that is shared by timeslices: enough for
	// it to choose from, and done soon after the slice has ended.
	sliceDepth = 32
)

// timeslice divides the time of one backing between migration and the backing's
// users, when migration cannot make way for them.
type timeslice struct {
	users bool          // whose turn it is
	until time.Duration // when it ends
	seen  time.Duration // when users had something under way, last
}

// migration tells whether it is migration's turn, and when to ask again at the
// latest. waiting is whether users have anything under way.
func (t *timeslice) migration(now time.Duration, waiting bool) (goes bool, again time.Duration) {
	if waiting {
		t.seen = now
	}
	gone := now-t.seen >= idleAfter
	switch {
	case t.users && (gone || now >= t.until):
		t.users, t.until = false, now+slice
	case !t.users && !gone && now >= t.until:
		t.users, t.until = true, now+slice
	}
	switch {
	case t.users:
		return false, idleAfter
	case gone:
		return true, slice
	}
	return true, t.until - now
}
