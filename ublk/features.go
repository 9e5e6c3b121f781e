package ublk

import (
	"context"
	"fmt"
	"strings"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
)

// Features is a set of UBLK_F_* bits.
type Features uint64

// ProbeFeatures asks the kernel what its ublk driver can do. It needs no
// device, and is the way to find out whether ublk can be used at all.
func ProbeFeatures(ctx context.Context) (Features, error) {
	bits, err := getFeatures(ctx)
	return Features(bits), err
}

// Has reports whether all the given UBLK_F_* bits are in the set.
func (f Features) Has(bits uint64) bool { return uint64(f)&bits == bits }

// Names lists the features by name, in bit order; one that this package does
// not know is called "bit N".
func (f Features) Names() []string {
	var names []string
	for i := range 64 {
		if f&(1<<i) == 0 {
			continue
		}
		if i < len(uapi.FeatureNames) {
			names = append(names, uapi.FeatureNames[i])
		} else {
			names = append(names, fmt.Sprintf("bit %d", i))
		}
	}
	return names
}

func (f Features) String() string { return strings.Join(f.Names(), " ") }
