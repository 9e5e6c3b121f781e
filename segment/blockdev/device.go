package blockdev

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

var (
	// ErrNotBlock is returned for a path that names neither a block device nor
	// a regular file.
	ErrNotBlock = errors.New("neither a block device nor a file")
	// ErrInUse is returned for a device that somebody else uses: it is mounted,
	// swapped to, part of another device, or open exclusively or for writing.
	// Every such error says by whom, as far as the host tells.
	ErrInUse = errors.New("in use")
	// ErrHasContent is returned for a device that carries the signature of a
	// file system, a partition table, or anything else that somebody may miss.
	ErrHasContent = errors.New("holds data")
	// ErrUnfit is returned for a disk that can be written by nobody, or not as
	// a disk is: a read-only or zoned one, or a drive without a medium. Every
	// such error says which, and what can be done.
	ErrUnfit = errors.New("cannot be used")
	// ErrNoDirect is returned for a file on a file system that has no direct I/O.
	ErrNoDirect = errors.New("its file system has no direct I/O (O_DIRECT); use a block device, or a file on ext4 or xfs")
)

// OpenOptions says how a device is opened.
type OpenOptions struct {
	Exclusive bool // nobody else may use it, and nobody can until it is closed
	ReadOnly  bool
}

// Device is an open disk: a block device, or a regular file that stands for
// one. All I/O is direct.
type Device struct {
	path       string // absolute
	fd         int
	file       bool
	major      uint32
	minor      uint32
	size       uint64
	logical    uint32
	physical   uint32
	optimal    uint32
	rotational bool
	discards   bool
	identities []string // the current one, then earlier forms
	inode      string   // of a file
	key        Key
}

// Open opens a disk.
func Open(path string, o OpenOptions) (*Device, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	var st unix.Stat_t
	if err := unix.Stat(abs, &st); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	d := &Device{path: abs, fd: -1}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFBLK:
	case unix.S_IFREG:
		d.file = true
	default:
		return nil, fmt.Errorf("%s: %w", path, ErrNotBlock)
	}
	if o.Exclusive {
		if err := CheckUnused(abs); err != nil {
			return nil, err
		}
	}
	if err := d.open(o); err != nil {
		return nil, err
	}
	if o.Exclusive {
		if err := d.checkWriters(); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	if err := d.describe(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.Close())
	}
	if !o.ReadOnly {
		if err := d.checkFit(); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

func (d *Device) open(o OpenOptions) error {
	flags := unix.O_RDWR
	if o.ReadOnly {
		flags = unix.O_RDONLY
	}
	flags |= unix.O_CLOEXEC | unix.O_DIRECT
	if o.Exclusive && !d.file {
		flags |= unix.O_EXCL
	}
	fd, err := unix.Open(d.path, flags, 0)
	switch {
	case err == nil:
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%s: %w: another program or the kernel has it open exclusively", d.path, ErrInUse)
	case errors.Is(err, unix.EINVAL) && d.file:
		return fmt.Errorf("open %s: %w", d.path, ErrNoDirect)
	case errors.Is(err, unix.ENOMEDIUM):
		return d.noMedium()
	case errors.Is(err, unix.EROFS) && d.file:
		return fmt.Errorf("%s: %w: its file system is mounted read-only", d.path, ErrUnfit)
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES) && d.isReadOnly():
		return d.readOnly()
	default:
		return fmt.Errorf("open %s: %w", d.path, err)
	}
	if o.Exclusive && d.file {
		// A file knows no exclusive open; a lock keeps at least those out who
		// ask for it, as all of our verbs do.
		if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
			unix.Close(fd)
			if errors.Is(err, unix.EWOULDBLOCK) {
				return fmt.Errorf("%s: %w: another program has locked the file", d.path, ErrInUse)
			}
			return fmt.Errorf("lock %s: %w", d.path, err)
		}
	}
	d.fd = fd
	return nil
}

// describe asks the host for what does not change while the device is open.
func (d *Device) describe() error {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return fmt.Errorf("stat: %w", err)
	}
	d.key = keyOf(st.Mode, st.Rdev, st.Dev, st.Ino)
	number := st.Rdev
	if d.file {
		number = st.Dev
		d.describeFile(&st)
	} else if err := d.describeBlock(); err != nil {
		return err
	}
	d.major, d.minor = unix.Major(number), unix.Minor(number)
	d.rotational = thisHost.rotational(d.major, d.minor)
	if d.file {
		d.identities, d.inode = []string{fileIdentity(d.fd, &st)}, inode(&st)
		d.discards = true // by holes
	} else {
		d.discards = thisHost.discards(d.major, d.minor)
		d.optimal = thisHost.optimalIO(d.major, d.minor)
		d.identities = thisHost.identities(d.major, d.minor)
	}
	return nil
}

// FD is the open file, for an io_uring.
func (d *Device) FD() int { return d.fd }

// Path is the absolute path it was opened by.
func (d *Device) Path() string { return d.path }

// Major and Minor are the number of the block device; for a file, of the disk
// it lies on.
func (d *Device) Major() uint32 { return d.major }

// Minor goes with Major.
func (d *Device) Minor() uint32 { return d.minor }

// IsFile tells whether a regular file stands for a disk.
func (d *Device) IsFile() bool { return d.file }

// Size is the length of the device in bytes, as far as it is of whole logical
// blocks.
func (d *Device) Size() uint64 { return d.size - d.Rest() }

// Rest is how many bytes lie behind the last whole logical block. No direct I/O
// reaches them.
func (d *Device) Rest() uint64 { return d.size % uint64(d.logical) }

// LogicalBlock is the smallest unit of I/O, in bytes.
func (d *Device) LogicalBlock() uint32 { return d.logical }

// PhysicalBlock is the smallest unit the device writes without reading first,
// in bytes.
func (d *Device) PhysicalBlock() uint32 { return d.physical }

// OptimalIO is the size of I/O that the device likes best, in bytes, such as
// the stripe of a RAID; 0 if it has no preference.
func (d *Device) OptimalIO() uint32 { return d.optimal }

// Rotational tells whether the host takes the device for a spinning disk.
func (d *Device) Rotational() bool { return d.rotational }

// CanDiscard tells whether the device gives room back and promises that it
// reads as zeroes then. An [Executor] discards and zeroes on those that cannot
// as well, by writing zeroes.
func (d *Device) CanDiscard() bool { return d.discards }

// ReadAt reads. Memory, offset and length are aligned to the logical block.
func (d *Device) ReadAt(b []byte, off int64) (int, error) {
	return d.transfer("read", b, off, unix.Pread)
}

// WriteAt writes. Memory, offset and length are aligned to the logical block.
// What is written is durable after a later Flush.
func (d *Device) WriteAt(b []byte, off int64) (int, error) {
	return d.transfer("write", b, off, unix.Pwrite)
}

// Flush makes all completed writes durable.
func (d *Device) Flush() error {
	for {
		err := unix.Fdatasync(d.fd)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("flush %s: %w", d.path, err)
		}
	}
}

// Close closes the device and lets others use it.
func (d *Device) Close() error {
	if d.fd < 0 {
		return nil
	}
	err := unix.Close(d.fd)
	d.fd = -1
	if err != nil {
		return fmt.Errorf("close %s: %w", d.path, err)
	}
	return nil
}
