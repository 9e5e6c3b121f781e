package segment

// GivenUp says, by device id, up to which sequence a device's extents count no
// more: nobody reads them, migrates them or replays them.
type GivenUp [MaxDevices + 1]uint64

// GivenUp is what the bindings say.
func (s *Super) GivenUp() GivenUp {
	var g GivenUp
	for i := range s.Bindings {
		g[s.Bindings[i].ID] = s.Bindings[i].GivenUp
	}
	return g
}

// Covers tells whether a device's extents in a record of that sequence count no
// more. The device id must be one that a record can have, 0 … 127.
func (g *GivenUp) Covers(dev uint8, seq uint64) bool { return seq <= g[dev] }
