package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// programs are copied from the host with the libraries they need. Where
// busybox has one of the same name, the real one replaces it.
var programs = []string{
	"bash", "strace", "jq", "bc", "fio", "sqlite3", "tar", "sha256sum", "dd", "stat", "timeout", "cmp",
	"mkfs.ext4", "e2fsck", "dumpe2fs", "tune2fs", "mkfs.xfs", "xfs_repair", "xfs_db", "mkfs.btrfs", "btrfs",
	"mount", "umount", "losetup", "lsblk", "blkid", "blockdev", "blkdiscard", "fstrim", "fsfreeze", "wipefs", "fallocate", "findmnt", "flock", "taskset",
	"dmsetup", "lvm", "mdadm", "cryptsetup", "make-bcache", "bcache-super-show",
	"cache_check", "cache_dump", "cache_writeback", "thin_check", "thin_dump",
	"kmod", "udevadm", "addpart",
}

// links are names of programs that look at the name they are called by.
var links = map[string]string{
	"modprobe": "kmod", "insmod": "kmod", "rmmod": "kmod", "lsmod": "kmod", "modinfo": "kmod", "depmod": "kmod",
	"pvcreate": "lvm", "vgcreate": "lvm", "vgchange": "lvm", "lvcreate": "lvm", "lvremove": "lvm", "lvs": "lvm", "pvs": "lvm",
	"fsck.ext4": "e2fsck", "sh": "bash",
}

// moduleDirs are the parts of the kernel's module tree that a guest has.
var moduleDirs = []string{
	"arch/x86/crypto", "block", "crypto", "drivers/block", "drivers/md", "drivers/nvdimm", "drivers/nvme", "drivers/scsi",
	"fs/btrfs", "fs/configfs", "fs/overlayfs", "fs/xfs", "lib",
}

// udevRules are copied for guests that run udevd: what names disks, and what
// assembles a disk's owner as soon as it looks like a member of one.
var udevRules = []string{
	"50-udev-default", "60-block", "60-persistent-storage", "55-dm", "60-persistent-storage-dm", "95-dm-notify",
	"63-md-raid-arrays", "64-md-raid-assembly", "69-bcache",
}

// udevHelpers are the programs that these rules run.
var udevHelpers = []string{"bcache-register", "probe-bcache"}

const rootSize = 1 << 30 // sparse

// makeRoot makes the root file system.
func makeRoot(ctx context.Context, work string, k *kernelTree) error {
	root := filepath.Join(work, "root")
	defer os.RemoveAll(root)
	t := &tree{ctx: ctx, root: root}
	t.skeleton()
	t.busybox()
	for _, p := range programs {
		t.program(p)
	}
	for name, target := range links {
		t.link(target, "/usr/bin/"+name)
	}
	t.udev()
	t.modules(k)
	t.file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
	t.file("/etc/group", "root:x:0:\ntty:x:5:\ndisk:x:6:\nkvm:x:106:\n")
	t.file("/etc/hosts", "127.0.0.1 localhost\n")
	t.link("/proc/self/mounts", "/etc/mtab")
	if t.err != nil {
		return t.err
	}
	image := filepath.Join(work, "root.img")
	if err := os.WriteFile(image, nil, 0o644); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	if err := os.Truncate(image, rootSize); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	// Nothing is written back to the image, so a journal would only cost.
	_, err := command(ctx, "", "mkfs.ext4", "-q", "-O", "^has_journal", "-E", "root_owner=0:0", "-d", root, image)
	return err
}

// tree fills a folder. After the first error it does nothing.
type tree struct {
	ctx  context.Context
	root string
	err  error
}

func (t *tree) try(err error) {
	if t.err == nil && err != nil {
		t.err = fmt.Errorf("vm: root image: %w", err)
	}
}

func (t *tree) dir(path string) { t.try(os.MkdirAll(t.root+path, 0o755)) }

func (t *tree) file(path, content string) {
	t.dir(filepath.Dir(path))
	t.try(os.WriteFile(t.root+path, []byte(content), 0o644))
}

// link replaces path by a symbolic link.
func (t *tree) link(target, path string) {
	t.dir(filepath.Dir(path))
	if err := os.Remove(t.root + path); !errors.Is(err, fs.ErrNotExist) {
		t.try(err)
	}
	t.try(os.Symlink(target, t.root+path))
}

// copy replaces path by a copy of a host's file.
func (t *tree) copy(from, path string) {
	if t.err != nil {
		return
	}
	t.dir(filepath.Dir(path))
	if err := os.Remove(t.root + path); !errors.Is(err, fs.ErrNotExist) {
		t.try(err)
	}
	in, err := os.Open(from)
	if err != nil {
		t.try(err)
		return
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		t.try(err)
		return
	}
	out, err := os.OpenFile(t.root+path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		t.try(err)
		return
	}
	_, err = io.Copy(out, in)
	t.try(errors.Join(err, out.Close()))
}

func (t *tree) skeleton() {
	for _, d := range []string{"dev", "etc", "mnt", "proc", "root", "run", "sys", "tmp", "var", "usr/bin", "usr/lib", "usr/lib64", "usr/local/bin"} {
		t.dir("/" + d)
	}
	for _, d := range []string{"bin", "lib", "lib64"} {
		t.link("usr/"+d, "/"+d)
	}
	t.link("usr/bin", "/sbin")
	t.link("bin", "/usr/sbin")
	t.link("/run", "/var/run")
	t.link("/tmp", "/var/tmp")
}

func (t *tree) busybox() {
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.try(err)
		return
	}
	t.copy(box, "/usr/bin/busybox")
	applets, err := command(t.ctx, "", box, "--list")
	t.try(err)
	for _, a := range strings.Fields(string(applets)) {
		if a != "busybox" {
			t.link("busybox", "/usr/bin/"+a)
		}
	}
}

// library matches the paths in what ldd prints.
var library = regexp.MustCompile(`/\S+`)

// program copies a program and the libraries that it needs.
func (t *tree) program(name string) {
	if t.err != nil {
		return
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.try(err)
		return
	}
	path, err = filepath.EvalSymlinks(path)
	t.try(err)
	t.copyProgram(path, "/usr/bin/"+name)
}

// copyProgram is copy with the libraries that the program needs.
func (t *tree) copyProgram(path, to string) {
	t.copy(path, to)
	out, err := command(t.ctx, "", "ldd", path)
	t.try(err)
	for _, lib := range library.FindAllString(string(out), -1) {
		if !strings.HasPrefix(lib, "/usr/") {
			lib = "/usr" + lib
		}
		if _, err := os.Stat(t.root + lib); err != nil {
			t.copy(lib, lib)
		}
	}
}

func (t *tree) udev() {
	t.link("/usr/bin/udevadm", "/usr/lib/systemd/systemd-udevd")
	for _, r := range udevRules {
		path := "/usr/lib/udev/rules.d/" + r + ".rules"
		t.copy(path, path)
	}
	for _, h := range udevHelpers {
		t.copyProgram("/usr/lib/udev/"+h, "/usr/lib/udev/"+h)
	}
}

// modules copies kernel modules, unpacked, since unpacking is slow under
// emulation.
func (t *tree) modules(k *kernelTree) {
	to := "/usr/lib/modules/" + k.version
	t.dir(to)
	for _, d := range moduleDirs {
		from := filepath.Join(k.modules(), "kernel", d)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		t.dir(to + "/kernel/" + d)
		t.try(os.CopyFS(t.root+to+"/kernel/"+d, os.DirFS(from)))
	}
	for _, f := range []string{"modules.builtin", "modules.builtin.modinfo", "modules.order"} {
		t.copy(filepath.Join(k.modules(), f), to+"/"+f)
	}
	if t.err != nil {
		return
	}
	_, err := command(t.ctx, t.root+to, "find", ".", "-name", "*.ko.xz", "-exec", "xz", "-d", "{}", "+")
	t.try(err)
	_, err = command(t.ctx, "", "depmod", "-b", t.root, k.version)
	t.try(err)
}
