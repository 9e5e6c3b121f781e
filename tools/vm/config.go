package vm

import (
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
)

// Config describes a machine.
type Config struct {
	CPUs  int // 0 means 2
	MemMB int // 0 means 2048
	Disks []Disk
	Files map[string]string // guest path -> host file or folder, pushed at each power-on
	Udev  bool              // run udevd; without it devtmpfs alone makes nodes

	// Counted makes the guest's clock go by the instructions that its CPUs
	// execute, 4 ns each: times then say what work takes, and a busy host does
	// not change them. Disks answer in the host's time all the same, so what
	// waits for one cannot be measured so.
	Counted bool

	Append  string    // more kernel parameters
	Console io.Writer // gets the kernel console live, if set

	BootTimeout time.Duration // until the first command could run; 0 means 90 s
}

// Disk is one disk of a machine.
type Disk struct {
	Name   string      // and serial number in the guest; a letter, then up to 19 letters, digits or _
	Model  disk.Config // of a new, empty disk
	Image  *disk.Disk  // or one that exists, and that the caller will close
	Serial string      // what the guest reads as the serial number instead; see [NoSerial]
	Block  int         // logical and physical block in bytes; 0 means 512
}

// NoSerial is the Serial of a disk that tells the guest none. It and one that
// shares its serial number are known by their place on the bus alone.
const NoSerial = "none"

// named tells whether the guest knows the disk by its name.
func (d *Disk) named() bool { return d.Serial == "" }

const (
	defaultCPUs        = 2
	defaultMemMB       = 2048
	defaultBootTimeout = 90 * time.Second
)

// diskName is what fits a virtio serial number and names a shell variable.
var diskName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,18}$`)

func (c Config) withDefaults() Config {
	if c.CPUs == 0 {
		c.CPUs = defaultCPUs
	}
	if c.MemMB == 0 {
		c.MemMB = defaultMemMB
	}
	if c.BootTimeout == 0 {
		c.BootTimeout = defaultBootTimeout
	}
	return c
}

func (c Config) check() error {
	seen := map[string]bool{rootDisk: true}
	for _, d := range c.Disks {
		if !diskName.MatchString(d.Name) || seen[d.Name] {
			return fmt.Errorf("vm: disk name %q is no unused name of at most 19 small letters, digits and _", d.Name)
		}
		seen[d.Name] = true
	}
	return nil
}
