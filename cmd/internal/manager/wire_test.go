package manager

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/controltest"
	"github.com/ublk-lc/ublk-lc/segment"
)

// What is sent of a damaged record is all of it, and it comes back as it was: a
// drain leaves out just that.
func TestBadRecordsTravel(t *testing.T) {
	for seed := range uint64(20) {
		var b segment.BadRecord
		controltest.Fill(&b, rand.New(rand.NewPCG(seed, 0)))
		sent := badRecordOf(&b)
		if diff := cmp.Diff(controltest.Leaves(b), controltest.Leaves(sent)); diff != "" {
			t.Errorf("sent is something else (-found +sent):\n%s", diff)
		}
		if diff := cmp.Diff(b, badRecord(&sent)); diff != "" {
			t.Errorf("back comes something else (-found +back):\n%s", diff)
		}
	}
}
