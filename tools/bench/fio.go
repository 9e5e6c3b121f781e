package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// fioSide is what fio says of the reads or of the writes of a job.
type fioSide struct {
	IOPS    float64
	Bytes   float64  `json:"io_bytes"`
	Rate    float64  `json:"bw_bytes"`
	Latency fioTimes `json:"clat_ns"`
}

type fioTimes struct {
	Count      float64            `json:"N"`
	Percentile map[string]float64 `json:"percentile"`
}

type fioJob struct {
	Error       int
	Read, Write fioSide
	Sync        struct {
		Latency fioTimes `json:"lat_ns"`
	}
}

// parseFio takes the job out of fio's JSON, which warnings may surround.
func parseFio(out string) (fioJob, error) {
	var parsed struct{ Jobs []fioJob }
	from, to := strings.Index(out, "{"), strings.LastIndex(out, "}")
	if from < 0 || to < from {
		return fioJob{}, fmt.Errorf("fio printed %q", out)
	}
	if err := json.Unmarshal([]byte(out[from:to+1]), &parsed); err != nil {
		return fioJob{}, fmt.Errorf("what fio printed: %w", err)
	}
	if len(parsed.Jobs) != 1 {
		return fioJob{}, fmt.Errorf("fio reports %d jobs, want 1", len(parsed.Jobs))
	}
	j := parsed.Jobs[0]
	if j.Error != 0 {
		return j, fmt.Errorf("fio: error %d of an operation", j.Error)
	}
	return j, nil
}

// figure is what a job measured. Latencies are those of what the user waits
// for: the sync where there is one, or else the write, or else the read.
func (j fioJob) figure() figure {
	times := j.Write.Latency
	switch {
	case j.Sync.Latency.Count > 1: // one is the sync at the end
		times = j.Sync.Latency
	case j.Write.Bytes == 0:
		times = j.Read.Latency
	}
	p := times.Percentile
	return figure{
		WriteIOPS: j.Write.IOPS, ReadIOPS: j.Read.IOPS, MBPS: (j.Write.Rate + j.Read.Rate) / 1e6,
		P50us: p["50.000000"] / 1e3, P99us: p["99.000000"] / 1e3, P999us: p["99.900000"] / 1e3,
	}
}

// parseLog makes a series of MB/s, one for each second, from a bandwidth log:
// lines of "ms, KiB/s, …". fio writes no line for a second in which nothing
// was done, and none for a last one that is not whole. Its seconds are a little
// longer than real ones, so what counts is how far a line is from the last one:
// by the clock, a second would now and then go by without any.
func parseLog(text string) ([]float64, error) {
	var list []float64
	last := 0.0
	for line := range strings.Lines(text) {
		var ms, rate float64
		if _, err := fmt.Sscanf(line, "%f, %f", &ms, &rate); err != nil {
			return nil, fmt.Errorf("bandwidth log, line %q: %w", strings.TrimSpace(line), err)
		}
		for n := math.Round((ms - last) / 1000); n > 0; n-- {
			list, last = append(list, 0), ms
		}
		if len(list) > 0 { // else it is of the moment of the start
			list[len(list)-1] += rate * 1024 / 1e6
		}
	}
	return list, nil
}

// busy is the busy time of all CPUs in a "cpu" line of /proc/stat, in seconds.
func busy(line string) (float64, error) {
	var user, nice, sys, idle, wait, irq, soft float64
	if _, err := fmt.Sscanf(line, "cpu %f %f %f %f %f %f %f", &user, &nice, &sys, &idle, &wait, &irq, &soft); err != nil {
		return 0, fmt.Errorf("line of /proc/stat %q: %w", line, err)
	}
	return (user + nice + sys + irq + soft) / 100, nil
}
