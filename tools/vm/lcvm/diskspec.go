package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// diskSpec is one --disk option.
type diskSpec struct {
	name   string
	path   string // "" means a temporary file
	serial string // "" means the name
	block  int
	model  disk.Config
}

func parseDisk(s string) (diskSpec, error) {
	var d diskSpec
	for field := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(field, "=")
		if err := d.set(key, value); err != nil {
			return d, fmt.Errorf("disk option %q: %w", field, err)
		}
	}
	if d.name == "" {
		return d, fmt.Errorf("a disk without name=")
	}
	return d, nil
}

func (d *diskSpec) set(key, value string) (err error) {
	var n int64
	m := &d.model
	switch key {
	case "name":
		d.name = value
	case "path":
		d.path = value
	case "serial":
		if d.serial = value; value == "" {
			d.serial = vm.NoSerial
		}
	case "block":
		d.block, err = strconv.Atoi(value)
	case "size":
		m.Size, err = parseNumber(value)
	case "bps":
		m.WriteBPS, err = parseNumber(value)
	case "iops":
		m.WriteIOPS, err = parseNumber(value)
	case "lat":
		m.Latency, err = time.ParseDuration(value)
	case "flush":
		m.FlushLatency, err = time.ParseDuration(value)
	case "arm":
		m.Arm = true
	case "rate":
		n, err = parseNumber(value)
		m.Rate = float64(n)
	case "seek":
		m.FullSeek, err = time.ParseDuration(value)
	case "rot":
		m.Rotation, err = time.ParseDuration(value)
	default:
		err = fmt.Errorf("unknown")
	}
	return err
}

// parseNumber reads a number with an optional K, M, G or T, in powers of 1024.
func parseNumber(s string) (int64, error) {
	shift := 0
	if i := len(s) - 1; i >= 0 {
		if at := strings.IndexByte("KMGT", s[i]); at >= 0 {
			s, shift = s[:i], 10*(at+1)
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, err
	}
	return n << shift, nil
}
