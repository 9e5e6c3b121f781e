package control

import "encoding/hex"

// Section is a structure of the log's format as it lies on the cache device.
type Section struct {
	Title   string  `json:"title"`             // what it is, in words
	Problem string  `json:"problem,omitempty"` // why it is not valid, in words
	Fields  []Field `json:"fields"`            // in the order of their bytes
}

// Field is a run of bytes, and what they mean.
type Field struct {
	Offset  int64  `json:"offset"`            // byte on the cache device
	Bytes   Bytes  `json:"bytes"`             // as they lie there
	Name    string `json:"name"`              // in the format
	Value   any    `json:"value,omitempty"`   // a number or a text, by the field; absent for one that has none
	Meaning string `json:"meaning,omitempty"` // in words
}

// Block is what a log holds of a sector of a device.
type Block struct {
	Device   uint8     `json:"device"`   // its id
	LBA      uint64    `json:"lba"`      // the sector
	Versions []Version `json:"versions"` // newest first
}

// Version is a state of a sector in a log.
type Version struct {
	Record   Place  `json:"record"`          // that it came with
	Seq      uint64 `json:"sequence"`        // of the record
	Epoch    uint64 `json:"epoch"`           // of the record
	Durable  bool   `json:"durable"`         // something says so
	Kind     string `json:"kind"`            // of the write: data, discard, zeroes, or what this version cannot replay
	Extent   Range  `json:"extent"`          // that the sector was written with
	Offset   int64  `json:"offset"`          // byte of the sector on the cache device; 0 for what has no data
	Problem  string `json:"problem"`         // why its data must not be used, in words; empty if nothing is wrong
	Behind   bool   `json:"behind_damage"`   // a resume would not reach it
	Contents Bytes  `json:"bytes,omitempty"` // of the sector, whole or not; absent for what has no data
}

// Bytes travel in hexadecimal.
type Bytes []byte

// MarshalText gives hexadecimal digits.
func (b Bytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }
