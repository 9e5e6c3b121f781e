package logcache

import (
	"math/bits"
	"time"
)

// This file judges whether barriers should wait for company; gather.go has the
// wait, and tools/bench/barriers what comes of it.
//
// A disk flushes once at a time, and who asks meanwhile shares the next flush. So
// when several devices share a log, and their writers come again soon after they
// were answered, they come in two groups, and each waits for the other's flush and
// then for its own. If one group waits, for a moment, until those are back who
// were just answered, all share each flush. Writers of one device do that anyway:
// the kernel has one FLUSH of a device under way at a time.
//
// It can pay if groups are costly, and their writers are back before another one
// would be done. Then it is tried, and goes on for as long as barriers take less
// time than without, which is measured again now and then: there are disks that
// flush for several at once.

const (
	costly = 100 * time.Microsecond // a group that costs less is not worth a timer
	hung   = 20 * time.Millisecond  // one that costs more says nothing of the next
	slack  = 50 * time.Microsecond  // by which timers and threads are late

	// How long barriers take is the mean of so many at least, in so many groups at
	// least.
	meanBarriers, meanGroups = 16, 4
	// settling is how many groups it takes until those come together that will: as
	// many may be under way by themselves.
	settling = maxFUARecords
	// recess is how many means pass until it is tried again.
	recess = 32
	// stale is after how many means with a wait one is taken without again: the
	// device, or the load, may be another by then.
	stale = 128
)

// company is what is measured of barriers, and who is expected. While none may
// wait, nothing is measured.
type company struct {
	clock    func() time.Duration // nil = none may ever wait
	deadline time.Duration        // for how long a barrier may wait; 0 = for none

	cost      time.Duration // of a group until it is durable, smoothed; 0 = not known
	thinkTime time.Duration // from the answer of a device to its next barrier, the median; 0 = not known
	met       uint8         // a bit for each of the last barriers: it found one of another device
	timed     uint64        // the sequence whose way is timed; 0 = none
	began     time.Duration // when that did
	ended     time.Duration // when barriers were answered last

	pays     bool          // barriers wait
	alone    time.Duration // how long they took when they did not
	spent    time.Duration // by those since the last mean, together
	barriers int           // these
	groups   int
	rest     int // means to pass until it is tried the other way

	round    uint64 // it ends with each group, and when nobody is expected any more
	expected int    // devices that were answered in this round and have not come again
	waiting  bool   // barriers wait for them, and a timer runs
}

// absence is what a volume has of it.
type absence struct {
	since time.Duration // when its last barrier was answered; 0 = one has come since
	round uint64        // in which it is expected; 0 = in none
}

// movingAverage is a moving average, which begins with its first value.
func movingAverage(mean *time.Duration, d time.Duration) {
	if *mean == 0 {
		*mean = max(d, 1)
		return
	}
	*mean = max(*mean+(d-*mean)/8, 1)
}

// movingMedian is a moving median, which begins with its first value: a long
// absence now and then says nothing of the others.
func movingMedian(median *time.Duration, d time.Duration) {
	switch {
	case *median == 0:
		*median = max(d, 1)
	case d > *median:
		*median += *median/8 + 1
	default:
		*median -= *median / 8
	}
}

// begins says that all up to seq is on its way. One at a time is timed.
func (m *company) begins(seq uint64) {
	if m.deadline > 0 && m.timed == 0 {
		m.timed, m.began = seq, m.clock()
	}
}

// arrived takes in a barrier, and whether it has to wait for anything at all, and
// whether one of another device does.
func (m *company) arrived(r *Request, waits, met bool) {
	if m.deadline == 0 {
		return
	}
	r.arrived = m.clock()
	if waits {
		m.met <<= 1
		if met {
			m.met |= 1
		}
	}
	v := &r.Volume.absence
	if v.since > 0 {
		movingMedian(&m.thinkTime, r.arrived-v.since)
	}
	if v.round == m.round {
		m.expected--
	}
	*v = absence{}
}

// becameDurable takes in that all up to seq is durable, and whether that answers
// barriers.
func (m *company) becameDurable(seq uint64, answers bool) {
	if m.deadline == 0 {
		return
	}
	now := m.clock()
	if m.timed != 0 && m.timed <= seq {
		movingAverage(&m.cost, min(now-m.began, hung))
		m.timed = 0
	}
	if answers {
		m.ended = now
		m.groups++
		m.endRound()
	}
}

// answered takes in that one is, and expects its device again, unless that is
// in a freeze.
func (m *company) answered(r *Request) {
	if m.deadline == 0 {
		return
	}
	v := &r.Volume.absence
	if v.since = m.ended; v.round != m.round && !r.Volume.frozen {
		v.round = m.round
		m.expected++
	}
	if r.arrived > 0 && m.groups > 0 { // else it came before anything was measured
		m.spent += m.ended - r.arrived
		m.barriers++
	}
}

// endRound ends the round: who was expected is not any more.
func (m *company) endRound() { m.round, m.expected, m.waiting = m.round+1, 0, false }

// patience is for how long after an answer its device is expected.
func (m *company) patience() time.Duration { return min(2*m.thinkTime+slack, m.cost) }

// judge decides whether barriers are to wait from now on.
func (m *company) judge() {
	if m.deadline == 0 {
		return
	}
	if !m.may() {
		if m.pays {
			m.pays, m.rest = false, 0
		}
		m.compare(0)
		return
	}
	if m.barriers < meanBarriers || m.groups < meanGroups {
		return
	}
	mean := m.spent / time.Duration(m.barriers)
	settled := 0
	switch {
	case m.pays && mean > m.alone-m.alone/8:
		m.pays, m.rest = false, recess
	case m.rest > 0:
		m.rest--
	case m.pays:
		m.pays, settled = false, settling
	default:
		m.pays, m.alone, m.rest, settled = true, mean, stale, settling
	}
	m.compare(settled)
}

// may tells whether it can pay: several devices are there, a group is costly, and
// they come again before another one would be done. What a group costs includes the
// one before it while barriers do not wait.
func (m *company) may() bool {
	most := m.cost
	if !m.pays {
		most /= 2
	}
	return bits.OnesCount8(m.met) >= 2 && m.cost >= costly && m.thinkTime > 0 && m.thinkTime <= most
}

// compare begins a mean, behind so many groups.
func (m *company) compare(behind int) { m.spent, m.barriers, m.groups = 0, 0, -behind }
