package ublk

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Errors that a caller may branch on, with errors.Is.
var (
	// ErrNoModule: there is no /dev/ublk-control. The driver is not loaded, or
	// the kernel was built without it.
	ErrNoModule = errors.New("no ublk in this kernel: needs Linux 6.5+ with ublk_drv (modprobe ublk_drv)")
	// ErrTooOld: the driver does not know a command that this package cannot do
	// without.
	ErrTooOld = errors.New("this kernel's ublk driver is too old: needs Linux 6.5+")
	// ErrNotPermitted: CAP_SYS_ADMIN is missing, or a device node may not be
	// opened.
	ErrNotPermitted = errors.New("not permitted: needs root, or CAP_SYS_ADMIN and access to /dev/ublk-control")
	// ErrTimeout: the kernel did not answer in time. The command may still take
	// effect.
	ErrTimeout = errors.New("timed out")
	// ErrBusy: the block device is mounted, held or open, or another process
	// serves it.
	ErrBusy = errors.New("in use")
	// ErrNoDevice: no device has this id.
	ErrNoDevice = errors.New("no such device")
	// ErrExists: a device has this id already.
	ErrExists = errors.New("the id is taken")
)

// ControlError is a control command that failed. It unwraps to its errno, and
// to one of the errors above when one fits.
type ControlError struct {
	Op    string     // the command, as the kernel calls it: "START_DEV"
	DevID int        // the device, -1 when the kernel was to choose one
	Errno unix.Errno // what the kernel said; ETIMEDOUT when it said nothing
	Hint  string     // what to do about it, or ""

	cause error // one of the errors above, or nil
}

func (e *ControlError) Error() string {
	s := "ublk " + e.Op
	if e.DevID >= 0 {
		s += fmt.Sprintf(" of device %d", e.DevID)
	}
	s += ": " + e.Errno.Error()
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap makes errors.Is find both the errno and the package's own error.
func (e *ControlError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Errno}
	}
	return []error{e.Errno, e.cause}
}

// controlError finds the cause and the remedy of a failed command.
func controlError(op string, id int, errno unix.Errno) *ControlError {
	e := &ControlError{Op: op, DevID: id, Errno: errno}
	switch errno {
	case unix.EPERM:
		e.cause = ErrNotPermitted
	case unix.EBUSY:
		e.cause = ErrBusy
	case unix.ENODEV:
		e.cause = ErrNoDevice
	case unix.EEXIST:
		e.cause = ErrExists
	case unix.EOPNOTSUPP:
		e.cause = ErrTooOld
	case unix.ETIMEDOUT:
		e.cause = ErrTimeout
	}
	if op == "GET_FEATURES" && (errno == unix.ENODEV || errno == unix.EINVAL) {
		e.cause = ErrTooOld // 6.1 to 6.4 look for a device before they look at the command
	}
	e.Hint = hints[hintKey{op, errno}]
	return e
}

type hintKey struct {
	op    string
	errno unix.Errno
}

var hints = map[hintKey]string{
	{"ADD_DEV", unix.EACCES}:    "too many devices: raise /sys/module/ublk_drv/parameters/ublks_max",
	{"ADD_DEV", unix.EEXIST}:    "choose another id, or delete the device that has it",
	{"ADD_DEV", unix.EINVAL}:    "queues, depth or features are beyond what this kernel takes",
	{"SET_PARAMS", unix.EINVAL}: "block sizes, limits or discard settings are beyond what this kernel takes",
	{"SET_PARAMS", unix.EACCES}: "parameters can only be set before the device is started",
	{"START_DEV", unix.EEXIST}:  "the device runs already",
	{"START_DEV", unix.EINVAL}:  "another process has opened the device's character node",
	{"START_DEV", unix.ETIMEDOUT}: "its queues did not come up, or its first reads were not answered; " +
		"delete it and see the kernel log",
	{"STOP_DEV", unix.ETIMEDOUT}: "requests are still in flight; the device goes when they are answered",
	{"DEL_DEV", unix.ETIMEDOUT}:  "something still has the block device open; the device goes when that is closed",
	{"START_USER_RECOVERY", unix.EBUSY}: "the process that served it still holds it; " +
		"wait until that has ended",
	{"START_USER_RECOVERY", unix.EINVAL}: "the device was made without recovery; stop and delete it",
}
