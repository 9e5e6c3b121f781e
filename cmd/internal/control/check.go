package control

// Check is what check finds out of a cache that is not in use.
type Check struct {
	State        LogState      `json:"state"`                  // the verdict
	Superblocks  [2]Superblock `json:"superblocks"`            // both copies
	UUID         string        `json:"uuid"`                   // given at format
	Label        string        `json:"label"`                  // given at format
	DeviceBytes  uint64        `json:"device_bytes"`           // size of the cache device at format
	BlockBytes   uint32        `json:"block_bytes"`            // the smallest unit of I/O
	AlignBytes   uint32        `json:"align_bytes"`            // records start and end on it
	SegmentBytes uint32        `json:"segment_bytes"`          // size of a segment
	Slots        uint64        `json:"slots"`                  // segments that the log has room for
	LogOffset    uint64        `json:"log_offset"`             // byte where the log starts
	Epoch        uint64        `json:"epoch"`                  // rises with each resume
	Clean        bool          `json:"clean_shutdown"`         // the cache was shut down
	LastMigrated uint64        `json:"last_migrated"`          // segment: all data up to it is on the backings
	MigratedSeq  uint64        `json:"migrated_seq"`           // record: all data up to it is on the backings
	StatedSeq    uint64        `json:"superblock_durable_seq"` // records up to it are durable, says the superblock
	DurableSeq   uint64        `json:"durable_seq"`            // records up to it are durable, says anything
	LastSeq      uint64        `json:"last_seq"`               // the newest record
	Records      int           `json:"records"`                // that are whole, or whose header is
	Resumable    int           `json:"resumable_records"`      // of these, those before damage in a header
	Verified     bool          `json:"payload_verified"`       // all data of the log was looked at
	Devices      []BoundDevice `json:"devices"`                // that the log is bound to
	Segments     []Segment     `json:"segments"`               // that have records, oldest first
	Torn         bool          `json:"torn_tail"`              // something behind the last record was dropped
	End          *Place        `json:"end,omitempty"`          // behind the last record; absent if there is none
	Damage       []DamagePlace `json:"damage"`                 // oldest first
	Unreadable   []string      `json:"unreadable"`             // what cannot be read, in words
	Doubt        string        `json:"doubt,omitempty"`        // what cannot be read where the log ends, in words
}

// Superblock is a copy of the superblock.
type Superblock struct {
	Offset     int64  `json:"offset"`            // byte on the cache device
	Generation uint64 `json:"generation"`        // rises with each update; 0 for a copy that is not valid
	InForce    bool   `json:"in_force"`          // it is the newest that is valid
	Problem    string `json:"problem,omitempty"` // why it is not valid, in words
}

// BoundDevice is a device that a log is bound to, and what the log holds of it.
type BoundDevice struct {
	ID          uint8   `json:"id"`               // from 1 to 127
	Name        string  `json:"name"`             // of the device
	State       string  `json:"state"`            // attached, detached, or unknown for what this version does not know
	UUID        string  `json:"uuid"`             // of the backing, given at its first attach
	Sectors     uint64  `json:"sectors"`          // size of the backing
	Fingerprint uint64  `json:"fingerprint"`      // of the backing's identity, 64 bits; 0 = none
	GivenUp     uint64  `json:"given_up"`         // extents in records up to this one count no more
	Ignored     int     `json:"extents_given_up"` // extents that count no more
	Witness     bool    `json:"witness"`          // the log knows what some places of the backing hold
	Extents     int     `json:"extents"`          // logged, and not given up
	Dirty       uint64  `json:"dirty_sectors"`    // each counted once
	Lost        []Range `json:"lost"`             // durable once, and not whole in any newer record
	LostExact   bool    `json:"lost_exact"`       // lost is all, and none of it was guessed
}

// Segment is a segment of a log.
type Segment struct {
	Place
	Records  int    `json:"records"`   // in it
	FirstSeq uint64 `json:"first_seq"` // of them
	LastSeq  uint64 `json:"last_seq"`  // of them
	Epoch    uint64 `json:"epoch"`     // in which it was begun
	End      uint32 `json:"end"`       // sectors of the slot that are in use
}

// DamagePlace is a place where a log is bad below what was durable.
type DamagePlace struct {
	Place
	Kind     DamageKind `json:"kind"`            // what is bad
	FirstSeq uint64     `json:"first_seq"`       // of the records that it concerns
	LastSeq  uint64     `json:"last_seq"`        // of the records that it concerns
	Reason   string     `json:"reason"`          // in words
	Held     []Held     `json:"held"`            // what was there
	Guessed  bool       `json:"guessed"`         // that is what damaged headers say
	Unknown  uint64     `json:"unknown_records"` // of which not even that is known
	Next     *Place     `json:"next,omitempty"`  // the next whole record; absent if there is none
}

// Held is what a damaged place held. Newer records may hold it as well.
type Held struct {
	Device uint8 `json:"device"` // its id
	Range
}

// Place is where something lies in a log.
type Place struct {
	Segment uint64 `json:"segment"` // its id
	Slot    uint64 `json:"slot"`    // of the log, where the segment lies
	Sector  uint32 `json:"sector"`  // of the slot
	Offset  int64  `json:"offset"`  // byte on the cache device
}

// Range is a run of sectors of a device.
type Range struct {
	LBA     uint64 `json:"lba"`     // first sector
	Sectors uint64 `json:"sectors"` // how many
}
