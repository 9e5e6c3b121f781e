// Package diskload measures how busy others keep a disk that migration writes
// to: those who use it beside us, and our own devices' readers.
package diskload

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// load measures how busy others keep a disk, from one sample to the next.
//
// The kernel adds up, in the disk's stat file, the time that reads and that
// writes took. Reads of a backing are never migration's: it reads the log. They
// are misses of the device's users, or of other partitions: all of them count.
// Writes are migration's, and perhaps those of others. Which time was whose is
// not told apart, so it is divided by what was written: migration knows how
// many bytes it gave to the disk, and what the disk counted beyond that is of
// others. Requests that overlap count twice, but never for more than the time
// in which the disk had any.
//
// Others' reads take longer while migration writes, and so look busier than
// they would be alone. That errs on their side: migration makes way, and comes
// back when they are as few as they seem.
type load struct {
	at   time.Time
	last diskStat
	own  uint64 // bytes written by migration
}

// sample tells how much of the time since the last sample others kept the disk
// busy, in %. The first sample, and a file, which the kernel keeps no account
// of, give 0. own tells how many bytes migration has written to a disk so far.
func (l *load) sample(now time.Time, backing *blockdev.Device, own func(disk string) uint64) int {
	disk := diskOf(backing)
	if disk == "" {
		return 0
	}
	text, err := os.ReadFile("/sys/dev/block/" + disk + "/stat")
	if err != nil {
		return 0
	}
	s, ok := parseStat(string(text))
	if !ok {
		return 0
	}
	if text, err = os.ReadFile("/sys/dev/block/" + disk + "/inflight"); err == nil {
		var writes int
		_, _ = fmt.Sscan(string(text), &s.waiting, &writes)
	}
	return l.take(now, s, own(disk))
}

func (l *load) take(now time.Time, s diskStat, own uint64) int {
	elapsed, last := now.Sub(l.at).Milliseconds(), l.last
	first := l.at.IsZero() || s.busy < last.busy || own < l.own
	l.at, l.last = now, s
	if first || elapsed <= 0 {
		l.own = own
		return 0
	}
	written := (s.written - last.written) * statSector
	// Migration counts what it starts, the kernel what has ended: what is under
	// way is taken off later.
	ours := min(own-l.own, written)
	l.own += ours
	others := s.reading - last.reading
	if others == 0 && s.waiting > 0 {
		others = uint64(elapsed) // a read that takes so long is counted only when it ends
	}
	if written > 0 {
		others += uint64(float64(s.writing-last.writing) * float64(written-ours) / float64(written))
	}
	return int(min(100, min(others, s.busy-last.busy)*100/uint64(elapsed)))
}

// diskStat is what a disk's stat file says.
type diskStat struct {
	reading uint64 // ms that reads took, added up
	written uint64 // sectors
	writing uint64 // ms that writes took, added up
	busy    uint64 // ms in which there was any request
	waiting int    // reads that have not ended
}

// statSector is the unit of stat files, whatever the disk's, in bytes.
const statSector = 512

func parseStat(text string) (s diskStat, ok bool) {
	fields := strings.Fields(text)
	if len(fields) < 10 {
		return s, false
	}
	for i, to := range map[int]*uint64{3: &s.reading, 6: &s.written, 7: &s.writing, 9: &s.busy} {
		n, err := strconv.ParseUint(fields[i], 10, 64)
		if err != nil {
			return s, false
		}
		*to = n
	}
	return s, true
}

// diskOf is the number, major:minor, of the disk that a backing is or is a
// partition of: it is the disk that is busy. "" for a file.
func diskOf(b *blockdev.Device) string {
	if b.IsFile() {
		return ""
	}
	own := fmt.Sprintf("%d:%d", b.Major(), b.Minor())
	if _, err := os.Stat("/sys/dev/block/" + own + "/partition"); err != nil {
		return own
	}
	whole, err := os.ReadFile("/sys/dev/block/" + own + "/../dev")
	if err != nil {
		return own
	}
	return strings.TrimSpace(string(whole))
}

// Backing is a backing in use.
type Backing struct {
	Device  uint8 // whose it is
	Cache   uint8 // that the device is attached to; 0 if it is to none
	Disk    *blockdev.Device
	Written func() uint64 // how many bytes migration has written for the device so far
}

// Loads are the loads of several disks, by the device whose backing they are.
// The zero value has looked at none.
type Loads struct{ of map[uint8]*load }

// Sample tells how busy others kept the backings of a cache's devices since the
// last sample, and whether one of them is looked at for the first time. all are
// the backings in use, of whatever cache: they may share disks.
func (ls *Loads) Sample(now time.Time, cache uint8, all []Backing) (list []pace.Load, first bool) {
	own := func(disk string) uint64 { return writtenTo(disk, all) }
	for _, b := range all {
		if b.Cache != cache {
			continue
		}
		l := ls.of[b.Device]
		if l == nil {
			l, first = &load{}, true
			if ls.of == nil {
				ls.of = map[uint8]*load{}
			}
			ls.of[b.Device] = l
		}
		list = append(list, pace.Load{Device: b.Device, Busy: l.sample(now, b.Disk, own)})
	}
	return list, first
}

// Keep drops what is known of backings that are not in use any more.
func (ls *Loads) Keep(all []Backing) {
	maps.DeleteFunc(ls.of, func(device uint8, _ *load) bool {
		return !slices.ContainsFunc(all, func(b Backing) bool { return b.Device == device })
	})
}

// writtenTo is how many bytes migration has written to a disk, for all devices
// whose backings lie on it.
func writtenTo(disk string, all []Backing) uint64 {
	n := uint64(0)
	for _, b := range all {
		if diskOf(b.Disk) == disk {
			n += b.Written()
		}
	}
	return n
}
