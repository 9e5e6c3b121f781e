package sim

import "sync"

// campaign counts what all campaigns of this process have tried together.
var campaign = struct {
	mu sync.Mutex
	*Stats
}{Stats: NewStats()}

// count adds a campaign, and returns how many distinct states there are by now.
func count(s *Stats) int {
	campaign.mu.Lock()
	defer campaign.mu.Unlock()
	campaign.Add(s)
	return campaign.States()
}
