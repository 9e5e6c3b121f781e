package inspect

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

var (
	// ErrNotBound is returned for a device that the log holds nothing of.
	ErrNotBound = errors.New("not bound to this log")
	// ErrUnverified is returned for a log whose payload was not looked at.
	ErrUnverified = errors.New("the payload of the log was not verified")
	// ErrTargetSmall is returned for a target that has no room for what the log
	// holds.
	ErrTargetSmall = errors.New("the target is too small")
)

// Choice is what to do about damage.
type Choice int

// The choices.
const (
	Refuse     Choice = iota // make no plan
	StopBefore               // take the records before the first damage: a past state, unless a migration was cut off
	Skip                     // take all that is whole
)

// Plan is what a replay writes.
type Plan struct {
	Binding segment.Binding
	Records int     // how many of the log's records it takes, oldest first
	LeftOut int     // how many it does not take
	Ranges  []Range // what it writes: sorted, merged
	Lost    []Range // durable once, and not in Ranges in their newest version
	Exact   bool    // Lost is all, and none of it was guessed

	log *Log
}

// Plan says what to write to get a device's data out of the log.
func (l *Log) Plan(device uint8, choice Choice) (*Plan, error) {
	b := l.Super.Binding(device)
	if b == nil {
		return nil, fmt.Errorf("device %d is %w", device, ErrNotBound)
	}
	if !l.Verified {
		return nil, ErrUnverified
	}
	p := &Plan{Binding: *b, Records: len(l.Records), Exact: true, log: l}
	if l.Damaged() {
		switch choice {
		case Refuse:
			return nil, l.firstDamage()
		case StopBefore:
			p.Records = l.Damage[0].Index
		case Skip:
			p.Lost, p.Exact = l.Lost(device)
		}
	}
	p.LeftOut = len(l.Records) - p.Records
	for i := range l.Records[:p.Records] {
		r := &l.Records[i]
		for _, e := range r.Extents {
			if !e.Kind.Replayable() {
				return nil, fmt.Errorf("%w: record %d holds an extent of kind %d, which this version cannot replay", segment.ErrVersion, r.Header.Seq, e.Kind)
			}
		}
		p.Ranges = append(p.Ranges, r.good(device)...)
	}
	p.Ranges = union(p.Ranges)
	return p, nil
}

// firstDamage is the error of a log that is damaged.
func (l *Log) firstDamage() error {
	return fmt.Errorf("%w: %s", segment.ErrDamaged, &l.Damage[0])
}

// Sectors is how many sectors of the device a replay writes.
func (p *Plan) Sectors() uint64 { return Total(p.Ranges) }

// CheckRoom refuses a target of so many sectors that the data does not fit on.
func (p *Plan) CheckRoom(sectors uint64) error {
	if n := len(p.Ranges); n > 0 && p.Ranges[n-1].end() > sectors {
		return fmt.Errorf("%w: the log holds sector %d of device %d, the target has %d sectors", ErrTargetSmall, p.Ranges[n-1].end()-1, p.Binding.ID, sectors)
	}
	return nil
}
