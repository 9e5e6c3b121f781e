package index

const (
	keyMask   = 1<<keyBits - 1
	halfShift = keyBits / 2

	// Odd multipliers with well-spread bits; oddness makes them invertible.
	mul1 = 0x9e3779b97f4b
	mul2 = 0xd6e8feb86659
)

// The inverses of the multipliers modulo 2^48.
var (
	inv1 = inverse(mul1)
	inv2 = inverse(mul2)
)

// hasher is a bijection of 48-bit keys. Tables store the hash only and compute
// the key back when they are walked. The seed keeps a device's user from
// choosing block numbers that all meet in one shard.
type hasher struct {
	seed1, seed2 uint64
}

func newHasher(random uint64) hasher {
	return hasher{
		seed1: random & keyMask,
		seed2: (random * mul2) >> (64 - keyBits),
	}
}

// hash returns the 48-bit hash of a device and block. It panics if either is
// out of range, since the key would be that of another block.
func (h *hasher) hash(dev uint8, block uint64) uint64 {
	if dev > MaxDevice || block > MaxBlock {
		panic("index: device or block number out of range")
	}
	k := (uint64(dev)<<blockBits | block) ^ h.seed1
	k ^= k >> halfShift
	k = k * mul1 & keyMask
	k ^= k>>halfShift ^ h.seed2
	k = k * mul2 & keyMask
	return k ^ k>>halfShift
}

// unhash is the inverse of hash. A shift by half the width is its own inverse.
func (h *hasher) unhash(k uint64) (dev uint8, block uint64) {
	k ^= k >> halfShift
	k = k * inv2 & keyMask
	k ^= h.seed2
	k ^= k >> halfShift
	k = k * inv1 & keyMask
	k ^= k >> halfShift
	k ^= h.seed1
	return uint8(k >> blockBits), k & MaxBlock
}

// inverse returns the multiplicative inverse of odd m modulo 2^48, by Newton's
// iteration: each round doubles the number of correct low bits, from three.
func inverse(m uint64) uint64 {
	x := m
	for range 4 {
		x *= 2 - m*x
	}
	return x & keyMask
}
