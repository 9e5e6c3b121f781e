package inspect

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Place is where something lies in the log.
type Place struct {
	Segment uint64
	Slot    uint64
	Sector  uint32 // of the slot
	Offset  int64  // byte on the cache device
}

func (p Place) String() string {
	return fmt.Sprintf("segment %d (slot %d, sector %d, byte %d)", p.Segment, p.Slot, p.Sector, p.Offset)
}

// Record is a record that is whole, or whose header is.
type Record struct {
	Place
	Header  segment.Header
	Extents []segment.Placed
	Bad     []segment.Extent // the parts of its extents that must not be used: damaged, or given up
}

// DamageKind says what is damaged.
type DamageKind string

// Kinds of damage.
const (
	DamagedHeader  DamageKind = "header"  // records are missing: nothing valid says what they held
	DamagedPayload DamageKind = "payload" // a record's data does not match its checksums
	DamagedExtent  DamageKind = "extent"  // a record is for sectors that no bound device has
)

// Damage is a place where the log is bad below what was durable.
type Damage struct {
	Place
	Kind     DamageKind
	FirstSeq uint64 // records that it concerns
	LastSeq  uint64
	Index    int // how many of the log's records are older
	Reason   error
	Lost     []segment.Extent // what was there
	Guessed  bool             // Lost is what damaged headers say
	Unknown  uint64           // records of which not even that is known
	Next     *Place           // the next whole record, if there is one
}

// Log is what a survey found.
type Log struct {
	Image   *Image
	Super   *segment.Super
	Records []Record // oldest first; behind damage they have a gap in their sequence
	Run     int      // how many of them a resume would take
	Durable uint64   // highest sequence that anyone states to be durable
	Torn    bool     // something behind the last record was dropped
	Damage  []Damage // oldest first

	Unreadable []Unreadable
	Doubt      *segment.Unread // where the next record would be, if that cannot be read: nobody knows whether there was one
	Verified   bool            // the payload of all records was looked at
}

// Damaged tells whether anything is lost that somebody states to be durable.
// What cannot be read and need not be is no damage.
func (l *Log) Damaged() bool { return len(l.Damage) > 0 }

// Last is the sequence of the newest record.
func (l *Log) Last() uint64 {
	if n := len(l.Records); n > 0 {
		return l.Records[n-1].Header.Seq
	}
	return l.Super.MigratedSeq
}

// bound tells whether an extent lies on a bound device, and why not.
func bound(s *segment.Super, e segment.Extent) error {
	b := s.Binding(e.Device)
	switch {
	case b == nil:
		return fmt.Errorf("device %d is not bound", e.Device)
	case e.LBA+uint64(e.Sectors) > b.Sectors:
		return fmt.Errorf("sectors %d-%d lie behind the end of device %d (%d sectors)", e.LBA, e.LBA+uint64(e.Sectors)-1, e.Device, b.Sectors)
	}
	return nil
}
