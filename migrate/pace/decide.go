package pace

import (
	"slices"
	"time"
)

// Snapshot is what the decision to migrate depends on.
type Snapshot struct {
	Knobs
	Measured bool   // Loads say whether migration is allowed, instead of Allow
	Loads    []Load // of all backings; not changed any more

	Draining bool          // a detach, a drain or a shutdown waits for the log to be empty
	Stuck    bool          // writes wait for what only migration frees
	Slowed   bool          // writes wait because the log is rather full
	Shared   bool          // somebody has read from a backing in the last second
	Slots    int           // in the ring
	Closed   int           // segments that are full and not migrated
	Segment  int64         // bytes of a segment
	Fill     float64       // of the ring, 0 … 1
	Dirty    float64       // share of the log that is newest data, 0 … 1
	Age      time.Duration // of the oldest dirty byte

	Sustained int64  // bytes of the log that migration frees in a second, as measured; 0 = not yet
	Auto      int64  // what the controller says, in bytes/s
	Last      Reason // of the decision before
}

// Decision is what to do now.
type Decision struct {
	Segments int   // that the next batch may have; 0 = no batch, and one under way pauses
	Rate     int64 // bytes/s to the backings; 0 = as fast as they take it
	Depth    int   // operations under way on each backing; 0 = as many as it takes
	Slices   bool  // each backing is migration's and its users' by timeslices
	Close    bool  // the segment being filled is to be closed, for it holds what must go
	Reason   Reason
}

const (
	// urgentFill is the fill of the ring from which migration no longer waits for
	// permission: a full ring stops all writers. It goes on until calmFill, so
	// that a flood meets one steady stream and not a stop after each batch.
	urgentFill = 0.70
	calmFill   = 0.40
	// idleBusy is up to which load, in %, a backing counts as idle.
	idleBusy = 5
	// sharedDepth is the depth on a backing that others use too: a read of
	// theirs waits for one write, and not for hundreds. What is written is
	// sorted all the same.
	sharedDepth = 1
	// rateBatch is how long a batch at a limited rate should last. The longer it
	// is, the better it sorts, and the longer its backing is between two states.
	rateBatch = 30 // seconds
)

// decide says whether migration goes on, how fast, and in which batches. It is
// a function of the snapshot alone.
func decide(s *Snapshot) Decision {
	r := rule(s)
	d := Decision{Reason: r}
	if r.Goes() {
		d.Rate = rateOf(s, r)
		d.Depth, d.Slices = s.ioDepth(r)
		d.Segments = batch(s, d.Rate)
		d.Close = r == TooOld && s.Closed == 0
		if s.Closed == 0 && r != TooOld {
			d.Reason = OnlyOpen
		}
	}
	// The wish stays, so that the first segment that is ready is taken at once.
	if s.Closed == 0 && s.Dirty == 0 {
		d.Reason = NothingDirty
	}
	return d
}

// rule is the first rule that applies. What must be comes before what may be:
// a command and writers that stand still come before everything, the
// administrator's stop comes before what the code finds urgent.
func rule(s *Snapshot) Reason {
	switch {
	case s.Draining:
		return Draining
	case s.Stuck:
		return LogFull
	case s.Stopped:
		return Stopped
	case s.Force:
		return Forced
	case s.Fill >= urgentFill || s.Fill >= calmFill && (s.Last == Urgent || s.Last == LogFull):
		return Urgent
	case s.MaxAge > 0 && s.Age > 0 && s.Age >= s.MaxAge-s.leadTime():
		return TooOld
	case s.Measured && s.busiest().over() > 0:
		return BackingBusy
	case !s.Measured && !s.Allow:
		return NotAllowed
	case s.Percent > 0 && 100*s.Dirty < float64(s.Percent):
		return BelowPercent
	case s.Delay > 0 && s.Age < s.Delay:
		return TooYoung
	case s.Measured && s.idle() && !s.Shared:
		return Idle
	}
	return Allowed
}

// ioDepth is how migration treats the users of the backings. While nobody waits
// for it, it lets them go first; and else it has its turns as they have theirs,
// but does not stand before them in a queue of hundreds.
func (s *Snapshot) ioDepth(r Reason) (depth int, slices bool) {
	shared := s.Shared || !s.idle()
	switch {
	case r == Allowed && (s.Measured || shared), r == Urgent && shared && !s.Slowed:
		return sharedDepth, false
	case shared:
		return sliceDepth, true
	}
	return 0, false
}

// leadTime is how long before its time the oldest data must set out: migration
// takes segments in their order, and all that is in the log may be as old.
func (s *Snapshot) leadTime() time.Duration {
	if s.Sustained <= 0 {
		return s.MaxAge / 2
	}
	return time.Duration(float64(s.Closed) * float64(s.Segment) / float64(s.Sustained) * float64(time.Second))
}

// busiest is the backing that is farthest above its threshold.
func (s *Snapshot) busiest() Load {
	var worst Load
	for i, l := range s.Loads {
		if i == 0 || l.over() > worst.over() {
			worst = l
		}
	}
	return worst
}

func (l Load) over() int { return l.Busy - l.Threshold }

// Idle tells whether a backing counts as unused.
func (l Load) Idle() bool { return l.Busy <= idleBusy }

func (s *Snapshot) idle() bool {
	return !slices.ContainsFunc(s.Loads, func(l Load) bool { return !l.Idle() })
}

// rateOf is the limit for a rule that lets migration go. What cannot wait has
// none, and a rate that was set by hand is kept even when the backings are idle.
func rateOf(s *Snapshot, r Reason) int64 {
	switch {
	case r != Idle && r != Allowed:
		return 0
	case s.Rate > 0:
		return s.Rate
	case r == Idle || s.Percent == 0:
		return 0
	}
	return max(1, s.Auto)
}

// batch is how many segments a batch may have. Larger ones sort and merge
// better, and cost one flush all the same.
func batch(s *Snapshot, rate int64) int {
	if s.Batch > 0 {
		return s.Batch
	}
	n := max(1, s.Slots/2) // the other half is for writers meanwhile
	if rate > 0 && s.Segment > 0 {
		n = int(max(1, min(int64(n), rate/s.Segment*rateBatch)))
	}
	return n
}
