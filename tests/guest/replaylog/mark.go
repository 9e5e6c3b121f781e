package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A mark is a message to the log-writes target. It goes through the device
// mapper's ioctl, because one process for each would be too slow.
const (
	dmHeader    = 312                                 // struct dm_ioctl
	dmTargetMsg = 3<<30 | dmHeader<<16 | 0xfd<<8 | 14 // _IOWR(DM_IOCTL, 14, struct dm_ioctl)
	dmControl   = "/dev/mapper/control"
	dmNameAt    = 48
)

type marker struct {
	control *os.File
	name    string
}

func newMarker(name string) (*marker, error) {
	f, err := os.OpenFile(dmControl, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &marker{f, name}, nil
}

// put puts a mark behind all that has become durable.
func (m *marker) put(mark string) error {
	b := make([]byte, dmHeader+8+len("mark ")+len(mark)+1)
	le := binary.LittleEndian
	le.PutUint32(b, 4) // version of the interface
	le.PutUint32(b[12:], uint32(len(b)))
	le.PutUint32(b[16:], dmHeader)
	copy(b[dmNameAt:], m.name)
	copy(b[dmHeader+8:], "mark "+mark) // to the target at sector 0
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, m.control.Fd(), dmTargetMsg, uintptr(unsafe.Pointer(&b[0])))
	if errno != 0 {
		return fmt.Errorf("mark %s: %w", mark, errno)
	}
	return nil
}

// These are the marks, fields parted by colons:
//
//	formatted            there is a cache from here on
//	fs                   there is an ext4 from here on
//	w:JOB:VERSION:LBA:N  a write of N sectors will be issued
//	c:JOB:VERSION        writes of the job up to this one are durable
//	f:NAME               a file and its name are durable
//	r:NAME               the file will be removed
//	end                  the record is complete
func parseMark(mark string) (kind string, fields []string) {
	fields = strings.Split(mark, ":")
	return fields[0], fields[1:]
}
