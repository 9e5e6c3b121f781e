package control

// List is what there is.
type List struct {
	Caches  []CacheLine  `json:"caches"`  // that are resumed, or being resumed, by id
	Devices []DeviceLine `json:"devices"` // by id
}

// CacheLine is a cache in short. While it is being resumed only its id, device,
// state and doing are known, and the rest is empty or 0.
type CacheLine struct {
	ID          int        `json:"id"`              // from 1 to 127
	Label       string     `json:"label"`           // given at format; empty for none
	UUID        string     `json:"uuid"`            // given at format
	Device      string     `json:"device"`          // path of the cache device
	DeviceNo    string     `json:"device_no"`       // number of the cache device, major:minor
	SizeBytes   uint64     `json:"size_bytes"`      // of the cache device, at format
	Segments    uint64     `json:"segments"`        // that the log has room for
	SegmentSize uint32     `json:"segment_size"`    // bytes
	DirtyBlocks uint64     `json:"dirty_blocks"`    // of all devices in the log, 4 KiB each
	State       CacheState `json:"state"`           // what it is
	Doing       *Doing     `json:"doing,omitempty"` // what a command does to it; absent if none does
	Note        string     `json:"note,omitempty"`  // what an administrator should know, in words
}

// DeviceLine is a device in short. While it is being created only its id, name,
// backing, state and doing are known, and the rest is empty or 0.
type DeviceLine struct {
	ID          int         `json:"id"`                        // from 1 to 127
	Name        string      `json:"name"`                      // given at create
	Node        string      `json:"node"`                      // path of the node, /dev/ublkbN; empty while there is none
	Link        string      `json:"link"`                      // path of the link to the node, /dev/lc/NAME; empty while there is none
	Number      string      `json:"number"`                    // number of the node, major:minor; empty while there is none
	CacheID     int         `json:"cache_id"`                  // cache that it is attached to; 0 for none
	WaitsFor    int         `json:"waits_for_cache,omitempty"` // cache that holds data for the backing, and is to be attached; absent if none does
	Backing     string      `json:"backing"`                   // path of the disk below
	BackingNo   string      `json:"backing_no"`                // number of the backing, major:minor
	Identity    string      `json:"backing_identity"`          // what the host tells the backing from other disks by: unique, doubled or none
	SizeBytes   uint64      `json:"size_bytes"`                // of the device
	DirtyBlocks uint64      `json:"dirty_blocks"`              // of the device in the log, 4 KiB each
	Errors      uint64      `json:"errors"`                    // failed operations on the disks below, since create
	State       DeviceState `json:"state"`                     // what it is
	Doing       *Doing      `json:"doing,omitempty"`           // what a command does to it; absent if none does
	Note        string      `json:"note,omitempty"`            // what an administrator should know, in words
}

// Doing is what a command does to a cache or a device at the moment.
type Doing struct {
	What Work `json:"what"` // the kind of command
	Progress
}

// String says it in words.
func (d *Doing) String() string {
	if d.Text == "" {
		return string(d.What)
	}
	return string(d.What) + ": " + d.Text
}

// Attribute is a file of the control tree.
type Attribute struct {
	Path  string `json:"path"`           // as lc get and lc set take it
	Mode  string `json:"mode"`           // r- for what can be read, -w for what can be written, rw for both
	Unit  string `json:"unit,omitempty"` // of the value, if it has one
	Value string `json:"value"`          // as lc get prints it; empty for what can only be written
	Doc   string `json:"doc"`            // what it is, in words
}
