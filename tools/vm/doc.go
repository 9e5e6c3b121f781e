// Package vm boots a Linux guest in QEMU and runs commands in it. Its purpose
// is to test what needs a kernel with ublk, device mapper or bcache, or disks
// of a known speed, or a power cut, on machines that can offer none of these.
//
// A guest is Debian's own 6.12 kernel, a root image with the tools that block
// device tests want, and an agent of ours as process 1. The first use prepares
// them in a cache folder (see Build); after that a boot takes a few seconds,
// emulated, and less where KVM works, which a trial boot finds out once.
//
//	m, err := vm.Boot(ctx, vm.Config{
//		Disks: []vm.Disk{{Name: "ssd", Model: disk.Config{Size: 512 << 20, WriteIOPS: 5000}}},
//	})
//	defer m.Close()
//	code, err := m.Run(ctx, vm.Command{Script: "mkfs.ext4 -q $ssd && mount $ssd /mnt"})
//	m.PowerCut(disk.Dice(42))
//	m.PowerOn(ctx) // the same disks, with what survived
//
// Each disk is served by package disk. In the guest it is found under
// /dev/disk/by-id/virtio-NAME, and every command has an environment variable
// of the disk's name that holds its node.
//
// Everything that waits is bounded by its context and by the guest's life: if
// the guest dies, every pending call fails with the tail of its console.
package vm
