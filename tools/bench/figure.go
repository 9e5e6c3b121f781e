package main

import (
	"encoding/json"
	"os"
)

// figure is one work on one system in one round.
type figure struct {
	System    string  `json:"system"`
	Work      string  `json:"work"`
	Round     int     `json:"round"`
	WriteIOPS float64 `json:"write_iops"`
	ReadIOPS  float64 `json:"read_iops"`
	MBPS      float64 `json:"mb_per_s"`
	P50us     float64 `json:"p50_us"`
	P99us     float64 `json:"p99_us"`
	P999us    float64 `json:"p999_us"`
	// Bytes written to the disks while the work ran, for each byte its user wrote.
	SSDBytes float64 `json:"ssd_bytes_per_user_byte"`
	HDDBytes float64 `json:"disk_bytes_per_user_byte"`
	CPUPerGB float64 `json:"cpu_s_per_gb"`
	// Drain is the time until all was on the disk, in seconds.
	Drain float64 `json:"drain_s,omitempty"`
	// Series has the MB/s of each second, of works in which they matter.
	Series []float64 `json:"mb_per_s_of_each_second,omitempty"`
}

func iops(f figure) float64     { return f.WriteIOPS + f.ReadIOPS }
func mbps(f figure) float64     { return f.MBPS }
func drain(f figure) float64    { return f.Drain }
func p50(f figure) float64      { return f.P50us }
func p99(f figure) float64      { return f.P99us }
func p999(f figure) float64     { return f.P999us }
func cpuPerGB(f figure) float64 { return f.CPUPerGB }
func seconds(f figure) float64  { return float64(len(f.Series)) }
func ssdBytes(f figure) float64 { return f.SSDBytes }
func hddBytes(f figure) float64 { return f.HDDBytes }

// steady is the speed in the second half of a series, when what could be
// absorbed has been.
func steady(f figure) float64 {
	half := f.Series[len(f.Series)/2:]
	if len(half) == 0 {
		return 0
	}
	var sum float64
	for _, v := range half {
		sum += v
	}
	return sum / float64(len(half))
}

// least is the slowest second of a series.
func least(f figure) float64 {
	if len(f.Series) == 0 {
		return 0
	}
	low := f.Series[0]
	for _, v := range f.Series {
		low = min(low, v)
	}
	return low
}

// stalls counts the seconds without progress.
func stalls(f figure) float64 {
	n := 0.0
	for _, v := range f.Series {
		if v == 0 {
			n++
		}
	}
	return n
}

// results is all that a run found out.
type results struct {
	About    []string  `json:"about"`
	Rounds   int       `json:"rounds"`
	Seconds  int       `json:"seconds"`
	Verdicts []verdict `json:"verdicts"`
	Figures  []figure  `json:"figures"`
	Failures []string  `json:"failures,omitempty"`
}

func (r results) save(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
