package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// The models: an SSD of 60 MB/s and 5,000 writes/s, and a 7200 rpm disk.
var (
	ssdModel = disk.Config{Size: 512 << 20, Latency: 60 * time.Microsecond, FlushLatency: time.Millisecond, WriteBPS: 60e6, WriteIOPS: 5000}
	hddModel = disk.Config{Size: 2 << 30, Arm: true}
)

// demo is one run.
type demo struct {
	ctx   context.Context
	m     *vm.Machine
	tree  *tree
	seed  uint64
	start time.Time
	rows  [][2]string // the table at the end
}

func run(ctx context.Context, lc, files string, seed uint64) error {
	if _, err := os.Stat(lc); err != nil {
		return fmt.Errorf("%w: run `make build` first", err)
	}
	work, err := os.MkdirTemp("", "lc-demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	d := &demo{ctx: ctx, seed: seed, start: time.Now()}
	d.say("preparing a guest with a 6.12 kernel (the first time takes a minute or two)")
	if _, err := vm.Build(ctx); err != nil {
		return err
	}
	if d.tree, err = readTree(ctx, files, work); err != nil {
		return err
	}
	src, err := disk.Open(d.tree.image, disk.Config{Size: size(d.tree.image)})
	if err != nil {
		return err
	}
	defer src.Close()
	d.m, err = vm.Boot(ctx, vm.Config{
		Disks: []vm.Disk{{Name: "ssd", Model: ssdModel}, {Name: "hdd", Model: hddModel}, {Name: "src", Image: src}},
		Files: map[string]string{"/usr/bin/lc": lc},
	})
	if err != nil {
		return err
	}
	defer d.m.Close()
	for _, step := range []func() error{d.measure, d.setUp, d.copySynced, d.cut, d.check, d.detach} {
		if err := step(); err != nil {
			return err
		}
	}
	d.table()
	return nil
}

func size(path string) int64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return st.Size()
}

func (d *demo) say(format string, args ...any) {
	fmt.Printf("%6.1fs  %s\n", time.Since(d.start).Seconds(), fmt.Sprintf(format, args...))
}

func (d *demo) row(what, result string) { d.rows = append(d.rows, [2]string{what, result}) }

// sh shows a script as a user would type it, and runs it.
func (d *demo) sh(script string) (string, error) {
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		d.say("# %s", line)
	}
	out, err := d.m.Output(d.ctx, script)
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if line != "" {
			fmt.Printf("         %s\n", line)
		}
	}
	return out, err
}

// quiet runs a script without showing it.
func (d *demo) quiet(script string) (string, error) { return d.m.Output(d.ctx, script) }

// push writes lines to a file in the guest.
func (d *demo) push(path, text string) error {
	return d.m.Push(d.ctx, path, 0o644, strings.NewReader(text))
}

// randomWrites measures 4 KiB random writes at depth 32 for some seconds, in IOPS.
func (d *demo) randomWrites(dev string) (float64, error) {
	out, err := d.quiet("fio --name=x --filename=" + dev + " --ioengine=io_uring --direct=1 --rw=randwrite --bs=4k --iodepth=32 --size=256m --norandommap --time_based --runtime=8 --output-format=json | jq .jobs[0].write.iops")
	if err != nil {
		return 0, fmt.Errorf("fio on %s: %w", dev, err)
	}
	var iops float64
	_, err = fmt.Sscan(out, &iops)
	return iops, err
}

func (d *demo) measureOne(what, dev string) error {
	iops, err := d.randomWrites(dev)
	if err != nil {
		return err
	}
	d.say("%s: %.0f random 4 KiB writes/s (%.1f MB/s)", what, iops, iops*4096/1e6)
	d.row("random 4 KiB writes, depth 32: "+what, fmt.Sprintf("%.0f /s   %.1f MB/s", iops, iops*4096/1e6))
	return nil
}

// measure takes the speed of the bare devices.
func (d *demo) measure() error {
	d.say("the bare devices first")
	if err := d.measureOne("the backing alone", "$hdd"); err != nil {
		return err
	}
	if err := d.measureOne("the SSD alone", "$ssd"); err != nil {
		return err
	}
	_, err := d.quiet("dd if=/dev/zero of=$ssd bs=1M count=1 conv=fsync 2>/dev/null; dd if=/dev/zero of=$hdd bs=1M count=1 conv=fsync 2>/dev/null")
	return err
}

// setUp is the sequence of the dm-lc manual.
func (d *demo) setUp() error {
	if _, err := d.quiet("modprobe ublk_drv"); err != nil {
		return err
	}
	if _, err := d.sh(`lc format-cache $ssd
lc resume 3 $ssd
lc create myLV 5 $hdd
lc attach 5 3
lc daemon start
lc list`); err != nil {
		return err
	}
	if err := d.measureOne("the cached device", "/dev/lc/myLV"); err != nil {
		return err
	}
	_, err := d.sh(`mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/lc/myLV
mkdir -p /mnt/lv /mnt/src
mount /dev/lc/myLV /mnt/lv
mount -o ro $src /mnt/src`)
	return err
}

func (d *demo) copySynced() error {
	if err := d.push("/tmp/early", names(d.tree.early)); err != nil {
		return err
	}
	if err := d.push("/tmp/late", names(d.tree.late)); err != nil {
		return err
	}
	d.say("copying %d files of %d MB in all", len(d.tree.early)+len(d.tree.late), d.tree.bytes>>20)
	// Without the daemon the log keeps what it is given, so that the power cut
	// finds much that is on the SSD only.
	if _, err := d.sh(`lc daemon stop
cd /mnt/src && tar -cf - -T /tmp/early | tar -xf - -C /mnt/lv
sync
lc status`); err != nil {
		return err
	}
	d.row("files copied, then sync", fmt.Sprint(len(d.tree.early)))
	return nil
}

// cut copies on without sync, and pulls the plug in the middle of it.
func (d *demo) cut() error {
	// Short write-back times let the kernel write while the copy goes on.
	if _, err := d.sh(`echo 20 > /proc/sys/vm/dirty_writeback_centisecs
echo 20 > /proc/sys/vm/dirty_expire_centisecs`); err != nil {
		return err
	}
	d.say("# tar of %d more files, without sync", len(d.tree.late))
	p, err := d.m.Start(vm.Command{Script: "cd /mnt/src && tar -cf - -T /tmp/late | tar -xf - -C /mnt/lv; sleep 600"})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		return fmt.Errorf("the copy ended before the power cut")
	case <-time.After(2500 * time.Millisecond):
	case <-d.ctx.Done():
		return d.ctx.Err()
	}
	reports, err := d.m.PowerCut(disk.Dice(d.seed))
	if err != nil {
		return err
	}
	for _, name := range []string{"ssd", "hdd"} {
		d.say("POWER CUT (seed %d) %s: %v", d.seed, name, reports[name])
	}
	return d.m.PowerOn(d.ctx)
}

// check resumes, and looks at every file that was synced.
func (d *demo) check() error {
	if err := d.push("/tmp/sums", strings.Join(d.tree.early, "\n")+"\n"); err != nil {
		return err
	}
	if _, err := d.quiet("modprobe ublk_drv; mkdir -p /mnt/lv"); err != nil {
		return err
	}
	if _, err := d.sh(`lc resume 3 $ssd
lc create myLV 5 $hdd
lc attach 5 3
lc daemon start
mount /dev/lc/myLV /mnt/lv
cd /mnt/lv && sha256sum -c /tmp/sums > /tmp/result && tail -1 /tmp/result
cd / && umount /mnt/lv
e2fsck -fn /dev/lc/myLV`); err != nil {
		return err
	}
	d.row("after the power cut: files with the right SHA-256", fmt.Sprintf("%d of %d", len(d.tree.early), len(d.tree.early)))
	d.row("after the power cut: e2fsck", "clean")
	return nil
}

// detach drains, and looks at the backing alone.
func (d *demo) detach() error {
	if _, err := d.sh(`lc detach 5
lc daemon stop
lc free-cache 3
lc remove 5
lc shutdown
e2fsck -fn $hdd
mount -o ro $hdd /mnt/lv
cd /mnt/lv && sha256sum -c /tmp/sums > /tmp/result && tail -1 /tmp/result
cd / && umount /mnt/lv`); err != nil {
		return err
	}
	d.row("after detach: the backing alone, e2fsck", "clean")
	d.row("after detach: the backing alone, files right", fmt.Sprintf("%d of %d", len(d.tree.early), len(d.tree.early)))
	return nil
}

func (d *demo) table() {
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	for _, r := range d.rows {
		fmt.Fprintf(w, "  %s\t%s\n", r[0], r[1])
	}
	w.Flush()
	fmt.Printf("\nThe guest runs under %s: ratios mean something, absolute speeds do not. Nothing was lost.\n", d.m.Accelerator())
}
