package pace

import "time"

// maxMarks bounds the memory of [ages].
const maxMarks = 256

// Unknown is the age of data that was in the log before anybody looked.
const Unknown = time.Duration(1<<63 - 1)

// ages tells how old the oldest dirty data may be. The log's core has no clock:
// whoever has one notes now and then which segment is the newest that holds
// data. What is in a later segment was written after that.
type ages struct {
	marks []mark // ascending in both
}

// mark says that up to this time nothing was in segments after newest.
type mark struct {
	at     time.Duration
	newest uint64
}

// note says that segments up to newest hold data now, and that those up to
// migrated are no longer dirty.
func (a *ages) note(now time.Duration, newest, migrated uint64) {
	keep := 0
	for keep+1 < len(a.marks) && a.marks[keep+1].newest <= migrated {
		keep++ // a later mark says more of what is dirty
	}
	a.marks = a.marks[:copy(a.marks, a.marks[keep:])]
	n := len(a.marks)
	if n > 0 && a.marks[n-1].newest == newest {
		a.marks[n-1].at = now // what is in later segments comes after that
		return
	}
	if n == maxMarks {
		a.thin()
	}
	a.marks = append(a.marks, mark{now, newest})
}

// thin drops every other mark. What lies between two counts as older than it is.
func (a *ages) thin() {
	n := 0
	for i := 0; i < len(a.marks); i += 2 {
		a.marks[n] = a.marks[i]
		n++
	}
	a.marks = a.marks[:n]
}

// oldest is the age that no dirty data exceeds, with migrated as in note and
// newest the newest segment with data; 0 when nothing is dirty.
func (a *ages) oldest(now time.Duration, newest, migrated uint64) time.Duration {
	if newest <= migrated {
		return 0
	}
	for i := len(a.marks) - 1; i >= 0; i-- {
		if a.marks[i].newest <= migrated {
			return max(1, now-a.marks[i].at)
		}
	}
	return Unknown
}
