package control

import (
	"fmt"
	"slices"
)

// This file has the closed sets of words: a script may switch on them. A word
// outside its set is not sent, since that would be a mistake of the server's;
// what a newer server sends is taken as it comes.

// CacheState is what a cache is, whatever is being done to it.
type CacheState string

// The states of a cache.
const (
	CacheStarting CacheState = "starting" // it is being resumed, and takes no requests yet
	CacheRunning  CacheState = "running"  // it takes requests
	CacheBroken   CacheState = "broken"   // the log cannot be continued: writes fail, and reads go on as far as they can
)

// CacheStates are all states of a cache.
var CacheStates = []CacheState{CacheStarting, CacheRunning, CacheBroken}

// MarshalText refuses a state outside the set.
func (s CacheState) MarshalText() ([]byte, error) { return oneOf(CacheStates, s) }

// DeviceState is what a device is, whatever is being done to it.
type DeviceState string

// The states of a device.
const (
	DeviceStarting    DeviceState = "starting"     // it is being created, and has no node yet
	DevicePassThrough DeviceState = "pass-through" // no cache: requests go straight to the backing
	DeviceWaiting     DeviceState = "waiting"      // no node: a log holds data for the backing, and the device waits to be attached to it
	DeviceAttached    DeviceState = "attached"     // requests go through the cache
	DeviceNoNode      DeviceState = "no-node"      // attached, and there is no node: it could not be started, and attaching again tries it, or it is being started
)

// DeviceStates are all states of a device.
var DeviceStates = []DeviceState{DeviceStarting, DevicePassThrough, DeviceWaiting, DeviceAttached, DeviceNoNode}

// MarshalText refuses a state outside the set.
func (s DeviceState) MarshalText() ([]byte, error) { return oneOf(DeviceStates, s) }

// Work is what a command does to a cache or a device at the moment.
type Work string

// What is done to caches and devices.
const (
	Resuming   Work = "resuming"   // a cache: its log is read
	Freeing    Work = "freeing"    // a cache: its log is made durable, and it goes
	Draining   Work = "draining"   // a cache: all that is in its log goes to the backings
	Searching  Work = "searching"  // a cache: its log is searched for damage
	Creating   Work = "creating"   // a device: its backing is looked at, and its node started
	Removing   Work = "removing"   // a device: its node is taken away
	Attaching  Work = "attaching"  // a device, and the cache that it is attached to
	Detaching  Work = "detaching"  // a device: the log is drained, and the cache taken away
	Reopening  Work = "reopening"  // a device: its backing is opened anew
	Forgetting Work = "forgetting" // a cache, and the device that waits for its data: that data is given up
)

// Works are all that can be done.
var Works = []Work{Resuming, Freeing, Draining, Searching, Creating, Removing, Attaching, Detaching, Reopening, Forgetting}

// MarshalText refuses a word outside the set.
func (w Work) MarshalText() ([]byte, error) { return oneOf(Works, w) }

// LogState is the verdict of check on a log. Only damage is bad: a cache that
// was not shut down is as sound.
type LogState string

// The verdicts.
const (
	LogClean    LogState = "clean"    // shut down, and whole
	LogWhole    LogState = "whole"    // nothing was cut off, but it was not shut down, or does not end where that says
	LogTorn     LogState = "torn"     // not shut down; what no barrier covered was cut off
	LogDoubtful LogState = "doubtful" // the log ends where it cannot be read
	LogDamaged  LogState = "damaged"  // something is bad that was durable
	LogReplaced LogState = "replaced" // it was a cache once: another program has the disk now
)

// LogStates are all verdicts.
var LogStates = []LogState{LogClean, LogWhole, LogTorn, LogDoubtful, LogDamaged, LogReplaced}

// MarshalText refuses a verdict outside the set.
func (s LogState) MarshalText() ([]byte, error) { return oneOf(LogStates, s) }

// DamageKind says what is damaged.
type DamageKind string

// Kinds of damage.
const (
	DamagedHeader  DamageKind = "header"  // records are missing: nothing valid says what they held
	DamagedPayload DamageKind = "payload" // a record's data does not match its checksums
	DamagedExtent  DamageKind = "extent"  // a record is for sectors that no bound device has
)

// DamageKinds are all kinds of damage.
var DamageKinds = []DamageKind{DamagedHeader, DamagedPayload, DamagedExtent}

// MarshalText refuses a kind outside the set.
func (k DamageKind) MarshalText() ([]byte, error) { return oneOf(DamageKinds, k) }

// oneOf is a word of a set as it is sent.
func oneOf[W ~string](set []W, word W) ([]byte, error) {
	if !slices.Contains(set, word) {
		return nil, fmt.Errorf("%T %q is none of %q", word, word, set)
	}
	return []byte(word), nil
}
