package main

import (
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

func TestParseDisk(t *testing.T) {
	for _, c := range []struct {
		in   string
		want diskSpec
	}{
		{"name=ssd,size=512M,bps=60000000,iops=5000,lat=60us,flush=1ms", diskSpec{name: "ssd", model: disk.Config{
			Size: 512 << 20, WriteBPS: 60e6, WriteIOPS: 5000, Latency: 60 * time.Microsecond, FlushLatency: time.Millisecond}}},
		{"name=a,size=1M,serial=", diskSpec{name: "a", serial: vm.NoSerial, model: disk.Config{Size: 1 << 20}}},
		{"name=b,size=1M,serial=X7,block=4096", diskSpec{name: "b", serial: "X7", block: 4096, model: disk.Config{Size: 1 << 20}}},
		{"name=hdd,size=4G,arm,path=x", diskSpec{name: "hdd", path: "x", model: disk.Config{Size: 4 << 30, Arm: true}}},
	} {
		if got, err := parseDisk(c.in); err != nil || got != c.want {
			t.Errorf("parseDisk(%q) = %+v, %v", c.in, got, err)
		}
	}
	for _, bad := range []string{"", "size=1M", "name=a,size=x", "name=a,size=1Q", "name=a,color=red", "name=a,lat=5", "name=a,block=x"} {
		if got, err := parseDisk(bad); err == nil {
			t.Errorf("parseDisk(%q) = %+v, want an error", bad, got)
		}
	}
}

func TestTestFlags(t *testing.T) {
	got := testFlags([]string{"-run", "X", "--count=1", "-test.short"})
	for i, want := range []string{"-test.run", "X", "-test.count=1", "-test.short"} {
		if got[i] != want {
			t.Errorf("flag %d is %s, want %s", i, got[i], want)
		}
	}
}
