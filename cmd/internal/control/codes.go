package control

import (
	"encoding/json"
	"fmt"
)

// Code is an exit code of lc. Scripts lean on these numbers: they never change.
type Code int

// The exit codes.
const (
	OK           Code = 0  // done
	Failed       Code = 1  // an error without a code of its own
	Usage        Code = 2  // the command line cannot be understood
	InUse        Code = 3  // a disk is mounted, open exclusively or for writing, or part of another device
	HasContent   Code = 4  // a disk holds something that would be lost
	NotFound     Code = 5  // no such path, id, device or attribute
	Taken        Code = 6  // an id or a name is taken, or a device attached already
	NotPermitted Code = 7  // not root
	NoUblk       Code = 8  // the kernel has no ublk
	NoServer     Code = 9  // the server cannot be reached or started
	Busy         Code = 10 // a device is open or mounted, or another command works on it
	Damaged      Code = 11 // the log is damaged below what was durable
	Mismatch     Code = 12 // this disk and this log do not belong together
	BadValue     Code = 13 // an id, name, size or value is out of its range
	NotFormatted Code = 14 // not a cache
	TooSmall     Code = 15 // a cache device has no room for a log
	NotAttached  Code = 16 // the device is not attached
	Interrupted  Code = 17 // stopped on demand before the end; nothing is lost
	Unfit        Code = 18 // a disk is read-only, zoned, or without a medium
	LeftOut      Code = 19 // done, without what was damaged, as was asked for
	TimedOut     Code = 20 // a deadline passed before the end
)

// Named is a code with its name and what it means.
type Named struct {
	Code    Code
	Name    string
	Meaning string
}

// Codes lists all exit codes in their order.
var Codes = []Named{
	{OK, "ok", "done"},
	{Failed, "failed", "an error without a code of its own, such as an I/O error"},
	{Usage, "usage", "the command line cannot be understood"},
	{InUse, "in-use", "refused: the disk is mounted, open exclusively or for writing, or part of another device"},
	{HasContent, "has-content", "refused: the disk holds something; --force overrides"},
	{NotFound, "not-found", "no such path, id, device or attribute"},
	{Taken, "taken", "the id or name is taken, or the device is attached already"},
	{NotPermitted, "not-permitted", "not root, or the attribute cannot be written"},
	{NoUblk, "no-ublk", "the kernel has no ublk, or too old a one"},
	{NoServer, "no-server", "the server cannot be reached or started"},
	{Busy, "busy", "the device is open or mounted, or another command works on it"},
	{Damaged, "damaged", "the log is damaged where it was durable"},
	{Mismatch, "mismatch", "this disk and this log do not belong together"},
	{BadValue, "bad-value", "an id, name, size or value is out of its range"},
	{NotFormatted, "not-formatted", "the device is not formatted as a cache"},
	{TooSmall, "too-small", "the cache device has no room for a log"},
	{NotAttached, "not-attached", "the device is not attached to a cache"},
	{Interrupted, "interrupted", "stopped on demand before the end; nothing is lost"},
	{Unfit, "unfit", "refused: the disk is read-only, zoned, or without a medium"},
	{LeftOut, "left-out", "done, but for what was damaged: that is lost, as --skip-damage allowed"},
	{TimedOut, "timed-out", "a deadline passed before the end"},
}

func (c Code) String() string {
	for _, n := range Codes {
		if n.Code == c {
			return n.Name
		}
	}
	return fmt.Sprintf("code %d", int(c))
}

// MarshalJSON sends a code by its name.
func (c Code) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

// UnmarshalJSON takes a name, and Failed for one it does not know.
func (c *Code) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	*c = Failed
	for _, n := range Codes {
		if n.Name == name {
			*c = n.Code
		}
	}
	return nil
}

// Error is a refusal or a failure with its exit code.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`

	cause error
}

func (e *Error) Error() string { return e.Message }

// Unwrap is the error that the code was given to, if any.
func (e *Error) Unwrap() error { return e.cause }

// Errorf makes an error with a code. It wraps all that %w names.
func Errorf(code Code, format string, args ...any) *Error {
	return Coded(code, fmt.Errorf(format, args...))
}

// Coded gives an error a code. Its message stays, and it is what the result wraps.
func Coded(code Code, err error) *Error {
	return &Error{Code: code, Message: err.Error(), cause: err}
}
