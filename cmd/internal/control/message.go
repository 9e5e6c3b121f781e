package control

import "encoding/json"

// Request is what a client asks for.
type Request struct {
	Verb string          `json:"verb"`           // of the server
	Args json.RawMessage `json:"args,omitempty"` // of the verb, if it has any
}

// Response is one line of the answer: exactly one of its fields is set.
type Response struct {
	Progress *Progress       `json:"progress,omitempty"` // and more lines follow
	Result   json.RawMessage `json:"result,omitempty"`   // of the verb
	Error    *Error          `json:"error,omitempty"`    // that it ended with
}

// Progress tells what a command does while it takes its time.
type Progress struct {
	Text  string   `json:"text"`            // in words
	Done  *float64 `json:"done,omitempty"`  // share of it, 0 to 1; absent if that is not known
	Drain *Drain   `json:"drain,omitempty"` // of a log, if that is what takes the time
}

// Drain is how far a drain has come.
type Drain struct {
	DirtyBytes  uint64 `json:"dirty_bytes"`            // in the log, of the device or of all
	Rate        int64  `json:"rate"`                   // bytes a second to the backings
	LeftSeconds int64  `json:"left_seconds,omitempty"` // absent if nobody knows yet
	HeldUp      string `json:"held_up,omitempty"`      // by what, in words
	Slowed      string `json:"slowed,omitempty"`       // by whom, in words
}

// The verbs of the server.
const (
	VerbResume       = "resume"
	VerbFreeCache    = "free-cache"
	VerbCreate       = "create"
	VerbRemove       = "remove"
	VerbAttach       = "attach"
	VerbDetach       = "detach"
	VerbDrain        = "drain"
	VerbDamage       = "damage"
	VerbForget       = "forget"
	VerbReopen       = "reopen"
	VerbWhy          = "why"
	VerbDaemonStart  = "daemon-start"
	VerbDaemonStop   = "daemon-stop"
	VerbDaemonStatus = "daemon-status"
	VerbList         = "list"
	VerbStatus       = "status"
	VerbGet          = "get"
	VerbSet          = "set"
	VerbShutdown     = "shutdown"
)

// ResumeArgs are the arguments of resume.
type ResumeArgs struct {
	ID   int    `json:"id"`
	Path string `json:"path"`

	SkipDisks   []string `json:"skip_disks,omitempty"`   // disks that are not asked whether they are a copy of it
	AcceptStale bool     `json:"accept_stale,omitempty"` // although there is, or was, a newer copy
}

// CreateArgs are the arguments of create.
type CreateArgs struct {
	Name   string `json:"name"`
	ID     int    `json:"id"`
	Path   string `json:"path"` // of the backing
	Queues int    `json:"queues,omitempty"`
	Depth  int    `json:"depth,omitempty"`

	LogicalBlock int      `json:"logical_block,omitempty"` // bytes; 0 = the backing's
	OtherDisk    bool     `json:"other_disk,omitempty"`    // the backing is none of the disks of whose data nothing tells it
	SkipDisks    []string `json:"skip_disks,omitempty"`    // that are not asked whether they hold data for the backing
}

// IDArgs are the arguments of the verbs that only need an id.
type IDArgs struct {
	ID int `json:"id"`
}

// DrainArgs are the arguments of drain, of a cache, and detach, of a device.
type DrainArgs struct {
	ID   int         `json:"id"`
	Skip []BadRecord `json:"skip,omitempty"` // what the user has seen, and agreed to lose
}

// DamageArgs are the arguments of damage: the cache, or a device that is
// attached to it.
type DamageArgs struct {
	Cache  int `json:"cache,omitempty"`
	Device int `json:"device,omitempty"`
}

// AttachArgs are the arguments of attach.
type AttachArgs struct {
	Device int `json:"device"`
	Cache  int `json:"cache"`

	Unidentified  bool `json:"unidentified,omitempty"`   // the backing is the disk of the log's data, although nothing tells
	AcceptChanged bool `json:"accept_changed,omitempty"` // the log's data goes over what was written to the disk without it
}

// ReopenArgs are the arguments of reopen.
type ReopenArgs struct {
	Device int    `json:"device"`
	Path   string `json:"path,omitempty"` // of its disk; "" = where the host knows one of its identity
}

// ForgetArgs are the arguments of forget, for a cache that is resumed.
type ForgetArgs struct {
	Cache  int  `json:"cache"`
	Device int  `json:"device"`
	Yes    bool `json:"yes,omitempty"` // although data is lost

	SkipDisks []string `json:"skip_disks,omitempty"` // that are not asked what they hold of the device's disk
}

// AttributeArgs are the arguments of get, set and tree.
type AttributeArgs struct {
	Path  string `json:"path,omitempty"`
	Value string `json:"value,omitempty"`
}

// ShutdownArgs are the arguments of shutdown.
type ShutdownArgs struct {
	Force  bool `json:"force,omitempty"`   // stop devices that are open or mounted
	Drain  bool `json:"drain,omitempty"`   // migrate all data first
	IfIdle bool `json:"if_idle,omitempty"` // only if there is no cache, no device and no daemon
}

// Done is the result of a verb that has done something: a sentence for a person.
type Done struct {
	Text string `json:"text"`
}
