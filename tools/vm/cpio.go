package vm

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// makeInitrd makes what the kernel starts with: the agent, and the one module
// that the root disk needs. It is not compressed, because unpacking costs more
// under emulation than loading does.
func makeInitrd(ctx context.Context, work string, k *kernelTree) error {
	agent := filepath.Join(work, "agent")
	const pkg = "github.com/ublk-lc/ublk-lc/tools/vm/agent"
	if _, err := command(ctx, "", "env", "CGO_ENABLED=0", "GOFLAGS=", "go", "build", "-trimpath", "-ldflags=-s -w", "-o", agent, pkg); err != nil {
		return err
	}
	program, err := os.ReadFile(agent)
	if err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	module, err := command(ctx, "", "xz", "-dc", filepath.Join(k.modules(), "kernel/drivers/block/virtio_blk.ko.xz"))
	if err != nil {
		return err
	}
	var a cpio
	for _, dir := range []string{"dev", "sys", "root"} {
		a.add(dir, modeDir|0o755, nil)
	}
	a.add("init", modeFile|0o755, program)
	a.add("virtio_blk.ko", modeFile|0o644, module)
	if err := os.WriteFile(filepath.Join(work, "initrd"), a.end(), 0o644); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	return nil
}

const (
	modeDir  = 0o040000
	modeFile = 0o100000
)

// cpio is an archive in the "newc" form that the kernel unpacks.
type cpio struct {
	buf   bytes.Buffer
	inode int
}

func (c *cpio) add(name string, mode int, data []byte) {
	c.inode++
	links := 1
	if mode&modeDir != 0 {
		links = 2
	}
	c.buf.WriteString("070701")
	// inode, mode, uid, gid, links, time, size, device (2), special device
	// (2), length of the name with its zero, checksum
	for _, n := range []int{c.inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0} {
		fmt.Fprintf(&c.buf, "%08x", n)
	}
	c.buf.WriteString(name + "\x00")
	c.pad()
	c.buf.Write(data)
	c.pad()
}

func (c *cpio) pad() {
	if over := c.buf.Len() % 4; over > 0 {
		c.buf.WriteString(strings.Repeat("\x00", 4-over))
	}
}

func (c *cpio) end() []byte {
	c.add("TRAILER!!!", 0, nil)
	return c.buf.Bytes()
}
