package migrate

import "time"

const (
	// turn is how long a backing belongs to migration, or to its users, when both
	// want it. A disk that serves what is nearest may leave a read alone for
	// seconds while hundreds of sorted writes wait beside it; so they must not.
	turn = 100 * time.Millisecond
	// absent is how long users may have nothing under way before they are taken
	// to have gone: who waits for a read asks for the next one after it.
	absent = 10 * time.Millisecond
	// deep is the depth on a backing that is shared by turns: enough for it to
	// choose from, and done soon after the turn has ended.
	deep = 32
)

// Turns divide the time of one backing between migration and the backing's
// users, when migration cannot make way for them. The zero value is ready.
type Turns struct {
	users bool      // whose turn it is
	until time.Time // when it ends; zero = nobody has had one
	seen  time.Time // when users had something under way, last
}

// Migration tells whether it is migration's turn, and when to ask again at the
// latest. waiting is whether users have anything under way.
func (t *Turns) Migration(now time.Time, waiting bool) (goes bool, again time.Duration) {
	if waiting {
		t.seen = now
	}
	gone := now.Sub(t.seen) >= absent
	switch {
	case t.users && (gone || !now.Before(t.until)):
		t.users, t.until = false, now.Add(turn)
	case !t.users && !gone && !now.Before(t.until):
		t.users, t.until = true, now.Add(turn)
	}
	switch {
	case t.users:
		return false, absent
	case gone:
		return true, turn
	}
	return true, t.until.Sub(now)
}
