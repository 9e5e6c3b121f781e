package vm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// packages are Debian's names of what the host needs: QEMU, the tools that
// make an image, and the programs that are copied into it.
var packages = []string{
	"qemu-system-x86", "busybox-static", "kmod", "xz-utils", "zstd", "e2fsprogs",
	"fio", "xfsprogs", "btrfs-progs", "dmsetup", "bcache-tools", "thin-provisioning-tools",
	"sqlite3", "strace", "jq", "udev", "bc", "lvm2", "mdadm", "cryptsetup-bin",
}

// installPackages installs what is missing.
func installPackages(ctx context.Context) error {
	var missing []string
	for _, p := range packages {
		if out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Status}", p).Output(); err != nil || string(out) != "install ok installed" {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("vm: packages are missing, install them as root: apt-get install %v", missing)
	}
	if _, err := command(ctx, "", "apt-get", "update", "-q"); err != nil {
		return err
	}
	args := append([]string{"DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qy", "--no-install-recommends"}, missing...)
	_, err := command(ctx, "", "env", args...)
	return err
}
