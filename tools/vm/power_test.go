package vm

import (
	"bytes"
	"testing"

	"github.com/ublk-lc/ublk-lc/tools/disk"
)

// TestPowerCutHonesty: what the guest has flushed stays, what it has not is
// lost. So no layer between an application and the disk swallows a flush, and
// none makes one up.
func TestPowerCutHonesty(t *testing.T) {
	ctx := guestTest(t)
	m := boot(t, ctx, Config{Disks: []Disk{{Name: "ssd", Model: disk.Config{Size: 64 << 20}}}})
	flushes := m.Disk("ssd").Counters().Flushes
	output(t, ctx, m, `
		yes flushed | dd of=$ssd bs=64k count=16 oflag=direct conv=fsync iflag=fullblock
		yes volatile | dd of=$ssd bs=64k count=16 seek=16 oflag=direct iflag=fullblock`)
	if m.Disk("ssd").Counters().Flushes == flushes {
		t.Error("the guest's fsync did not reach the disk as a flush")
	}
	reports, err := m.PowerCut(disk.LoseAll)
	if err != nil {
		t.Fatal(err)
	}
	if reports["ssd"].Lost == 0 {
		t.Errorf("nothing was lost: %+v", reports)
	}
	if err := m.PowerOn(ctx); err != nil {
		t.Fatal(err)
	}
	if out := output(t, ctx, m, `head -c 8 $ssd`); out != "flushed" {
		t.Errorf("flushed data reads %q", out)
	}
	lost := make([]byte, 1<<20)
	if _, err := m.Disk("ssd").ReadAt(lost, 1<<20); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(lost, make([]byte, len(lost))) {
		t.Error("data that was never flushed survived")
	}
}

// TestPowerCutUnderLoad: a file system survives cuts while it is written to,
// with whatever the dice leave of the unflushed writes.
func TestPowerCutUnderLoad(t *testing.T) {
	ctx := guestTest(t)
	m := boot(t, ctx, Config{Disks: []Disk{{Name: "hdd", Model: disk.Config{Size: 128 << 20}}}})
	output(t, ctx, m, "mkfs.ext4 -q $hdd && sync")
	for seed := range uint64(2) {
		p, err := m.Start(Command{Script: `mount $hdd /mnt; i=0; while echo $i > /mnt/f; do sync /mnt/f; echo $i; cp /bin/bash /mnt/$((i % 9)); i=$((i+1)); done`})
		if err != nil {
			t.Fatal(err)
		}
		output(t, ctx, m, "sleep 2")
		reports, err := m.PowerCut(disk.Dice(seed))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: %+v", seed, reports)
		if code, err := p.Wait(ctx); err == nil {
			t.Errorf("the writer reports exit status %d after a power cut", code)
		}
		if err := m.PowerOn(ctx); err != nil {
			t.Fatal(err)
		}
		t.Log(output(t, ctx, m, "e2fsck -fy $hdd 2>&1 || [ $? = 1 ]; mount $hdd /mnt; cat /mnt/f; umount /mnt"))
	}
}
