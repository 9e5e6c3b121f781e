package control

// Damage is what a search for damage in a log has found.
type Damage struct {
	Cache   int             `json:"cache"`   // its id
	Records []DamagedRecord `json:"records"` // oldest first
}

// DamagedRecord is a damaged record, and what of it is nowhere else in the log.
type DamagedRecord struct {
	BadRecord
	Missing []Sectors `json:"missing"` // that no newer record has
}

// BadRecord is a record whose payload is not, or not all, what its checksums
// say. A drain that may leave it out is given it back as it came.
type BadRecord struct {
	Segment uint64   `json:"segment"`  // its id
	Seq     uint64   `json:"sequence"` // of the record
	Offset  int64    `json:"offset"`   // byte on the cache device where the record starts
	Payload uint32   `json:"payload"`  // sector of the slot where its payload starts
	Sectors uint32   `json:"sectors"`  // how long its payload is
	Chunks  []int    `json:"chunks"`   // of its payload that are bad, 4 KiB each
	Lost    []Extent `json:"lost"`     // what was in them, by whole blocks
	Reason  string   `json:"reason"`   // what is wrong with the first, in words
}

// Extent is a part of a record.
type Extent struct {
	Device  uint8  `json:"device"`  // its id
	Kind    uint8  `json:"kind"`    // as in the format of the log
	LBA     uint64 `json:"lba"`     // first sector of the device
	Sectors uint32 `json:"sectors"` // how many
	At      int64  `json:"at"`      // sector of the cache device where its payload starts
}

// Sectors are some of a device.
type Sectors struct {
	Device  int    `json:"device"`  // its id
	Name    string `json:"name"`    // of the device, as the log has it
	LBA     uint64 `json:"lba"`     // first sector
	Sectors uint64 `json:"sectors"` // how many
}
