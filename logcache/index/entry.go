package index

// Limits of what an Index can hold.
const (
	// SectorsPerBlock is the number of 512-byte sectors in a 4 KiB block, and
	// so the largest number of entries one block can have.
	SectorsPerBlock = 8

	// BlockBytes is the size of a block: what is dirty is counted in them, and no
	// logical block of a device is larger.
	BlockBytes = SectorsPerBlock * 512

	// MaxDevice is the largest device id.
	MaxDevice = 1<<devBits - 1

	// MaxBlock is the largest 4 KiB block number within a device.
	MaxBlock = 1<<blockBits - 1

	// MinBase is the smallest base: the block's last sector may lie at log
	// sector 0, its first would then lie seven sectors before the log begins.
	MinBase = -(SectorsPerBlock - 1)

	// Zeroes is where bases start that are no place of data: the sectors are
	// zeroes. What such a base has beyond it tells who said so, and is all that
	// the index looks at; zeroes of one block need not be where a sector would be.
	Zeroes = 1 << 62

	devBits   = 7
	blockBits = 41
	keyBits   = devBits + blockBits
	maskBits  = 16

	usedShift = 8
	usedBit   = 1 << usedShift
)

// Entry says where some sectors of one block lie in the log.
type Entry struct {
	// Block is the number of the 4 KiB block within the device.
	Block uint64

	// Base places the sectors: sector i of the block, for each bit i set in
	// Mask, lies at 512-byte sector Base+i of the cache device.
	Base int64

	// Dev is the id of the device the block belongs to.
	Dev uint8

	// Mask has bit i set if the entry covers sector i of the block. It is
	// never zero in an entry read from an Index.
	Mask uint8
}

// Zero tells whether the entry's sectors are zeroes, and lie nowhere.
func (e *Entry) Zero() bool { return e.Base >= Zeroes }

// slot is an entry as the tables hold it. The key has the hash of device and
// block in its high 48 bits and the mask in its low ones, so that slots sort
// by hash. A bit above the mask is set in every key, so that a key of zero
// marks an empty slot, and fresh memory is an empty table.
type slot struct {
	key  uint64
	base int64
}

func makeSlot(hash uint64, mask uint8, base int64) slot {
	return slot{key: hash<<maskBits | usedBit | uint64(mask), base: base}
}

func (s slot) empty() bool { return s.key == 0 }

// occupied returns 1 for an entry and 0 for an empty slot.
func (s slot) occupied() int { return int(s.key >> usedShift & 1) }

func (s slot) hash() uint64 { return s.key >> maskBits }
func (s slot) mask() uint8  { return uint8(s.key) }

// without returns the slot with the sectors of mask cleared. The result may
// cover no sector, and must then be removed from its table.
func (s slot) without(mask uint8) slot {
	s.key &^= uint64(mask)
	return s
}

// with returns the slot with the sectors of mask added.
func (s slot) with(mask uint8) slot {
	s.key |= uint64(mask)
	return s
}
