package migrate

// Snapshot is what the decision to migrate depends on.
type Snapshot struct {
	Allow    bool    // allow_migrate: the load modulator, or the operator, permits it
	Force    bool    // force_migrate
	Draining bool    // a detach or a shutdown waits for the log to be empty
	Stuck    bool    // writes wait for a slot
	Fill     float64 // of the ring, 0 … 1
	Slots    int     // in the ring
	Batch    int     // nr_batched_migration, in segments; 0 = choose
}

// urgentFill is the fill of the ring from which migration no longer waits for
// permission: a full ring stops all writers.
const urgentFill = 0.75

// Decide tells how many segments the next batch may have; 0 = none now. Larger
// batches sort and merge better, and cost one flush all the same.
func Decide(s Snapshot) int {
	if !s.Allow && !s.Force && !s.Draining && !s.Stuck && s.Fill < urgentFill {
		return 0
	}
	if s.Batch > 0 {
		return s.Batch
	}
	return max(1, s.Slots/2) // the other half is for writers meanwhile
}
