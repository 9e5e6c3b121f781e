package guest

import (
	"fmt"
	"testing"
	"time"
)

// TestFileSystems does on ext4 and xfs what people do: mkfs, mount, many files,
// a database that commits synchronously, umount, fsck; through the cache, then
// on the backing alone.
func TestFileSystems(t *testing.T) {
	for _, fs := range []struct{ name, mkfs, fsck string }{
		{"ext4", "mkfs.ext4 -q", "e2fsck -fn"},
		{"xfs", "mkfs.xfs -q", "xfs_repair -n"},
	} {
		t.Run(fs.name, func(t *testing.T) {
			m := boot(t, sized(ssd, 96<<20), sized(fast, 1<<30), 10*time.Minute)
			m.format("")
			m.resume()
			m.sh(fmt.Sprintf(`modprobe %[1]s || true
%[2]s /dev/lc/myLV
mkdir -p /mnt/fs
mount /dev/lc/myLV /mnt/fs
tar -C / --exclude=./mnt --exclude=./proc --exclude=./sys --exclude=./dev -cf /mnt/fs/root.tar ./usr ./lib
mkdir /mnt/fs/tree && tar -C /mnt/fs/tree -xf /mnt/fs/root.tar
(echo 'PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);'
 for i in $(seq 1 200); do echo "INSERT INTO t VALUES($i, hex(randomblob(500)));"; done) | sqlite3 /mnt/fs/db >/dev/null
sync`, fs.name, fs.mkfs))
			sums := m.sh("cd /mnt/fs/tree && find . -type f | sort | xargs sha256sum | sha256sum")
			check := fmt.Sprintf(`test "$(cd /mnt/fs/tree && find . -type f | sort | xargs sha256sum | sha256sum)" = '%s'
test "$(sqlite3 /mnt/fs/db 'PRAGMA integrity_check; SELECT count(*) FROM t')" = "$(printf 'ok\n200')"`, sums)
			m.sh(fmt.Sprintf(`umount /mnt/fs
%s /dev/lc/myLV
echo 3 > /proc/sys/vm/drop_caches
mount /dev/lc/myLV /mnt/fs
%s
umount /mnt/fs`, fs.fsck, check))
			m.sh(fmt.Sprintf(`lc detach 5; lc free-cache 3; lc remove 5; lc shutdown
%s $hdd
mount $hdd /mnt/fs
%s
umount /mnt/fs`, fs.fsck, check))
		})
	}
}
