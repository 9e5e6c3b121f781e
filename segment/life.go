package segment

// Life is what tells the records of a log from all others that may lie in its
// slots: those of a log that was there before, and those that a recovery has
// dropped.
type Life struct {
	Nonce    uint64 // of the format
	Epoch    uint64 // of the last resume, which what was written since carries
	EpochSeq uint64 // the last record that it has accepted
}

// Life is that of the log whose superblock this is.
func (s *Super) Life() Life { return Life{s.Nonce, s.Epoch, s.EpochSeq} }

// abandoned tells whether a record was dropped by the last recovery. What that one
// accepted, its superblock says; what came after it carries its epoch.
func (l Life) abandoned(seq, epoch uint64) bool { return seq > l.EpochSeq && epoch < l.Epoch }
