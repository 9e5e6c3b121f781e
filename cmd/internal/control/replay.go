package control

// Replay is what replay wrote, or would write.
type Replay struct {
	Device    uint8   `json:"device"`           // whose data it is
	Name      string  `json:"name"`             // of the device, as the log has it
	Target    string  `json:"target,omitempty"` // what it is written to; absent if none was named
	DryRun    bool    `json:"dry_run"`          // nothing was written
	Records   int     `json:"records"`          // of the log that were taken
	LeftOut   int     `json:"records_left_out"` // that were not, for --stop-at-damage
	Sectors   uint64  `json:"sectors"`          // written
	Extents   []Range `json:"extents"`          // the same, sorted and merged
	GivenUp   uint64  `json:"given_up"`         // what records up to this one hold was given up, and is not written
	Lost      []Range `json:"lost"`             // durable once, and not written in its newest version, for --skip-damage
	LostExact bool    `json:"lost_exact"`       // lost is all, and none of it was guessed
}
