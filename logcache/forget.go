package logcache

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Forget gives up what the log of a cache which is not resumed holds of a device,
// in records up to a sequence, and ends the device's binding; it is durable on
// return. The sequence is to be that of the newest record that a survey finds:
// behind damage there may be more than a resume takes. It is [Cache.GiveUp] for
// a log that nothing runs on.
func Forget(dev Device, id uint8, upTo uint64) error {
	s, err := readWritable(dev)
	if err != nil {
		return err
	}
	b := s.Binding(id)
	if b == nil {
		return fmt.Errorf("device id %d: %w", id, ErrNotBound)
	}
	b.GivenUp = max(b.GivenUp, upTo)
	b.State, b.Witness = segment.Detached, nil
	return writeSuperSync(dev, s)
}
