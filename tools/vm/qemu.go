package vm

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// startGuest starts QEMU. Its agent channel is an inherited socket, so that
// there is nothing to clean up, and nobody else can connect.
func (m *Machine) startGuest() (*guest, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("vm: socketpair: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "agent channel of qemu")
	defer theirs.Close()
	ours := os.NewFile(uintptr(fds[0]), "agent channel")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, fmt.Errorf("vm: agent channel: %w", err)
	}
	g := newGuest(conn, &console{also: m.config.Console}, m.environment())
	cmd := exec.Command("qemu-system-x86_64", m.arguments()...)
	cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	cmd.Stdout, cmd.Stderr = g.console, g.console
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := g.spawn(cmd); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	go g.receive()
	return g, nil
}

// spawn starts QEMU on a thread that lives as long as it does. Pdeathsig is
// tied to the thread that forked, and Go ends threads when it pleases. The
// process group of its own keeps a terminal's ^C away: a machine is ended by
// its owner, who may still want to ask it something.
func (g *guest) spawn(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		g.exited(cmd.Wait())
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("vm: qemu: %w", err)
	}
	g.process = cmd.Process
	return nil
}

func (m *Machine) arguments() []string {
	// The emulated CRC32 instruction is slower (146 MB/s) than the tables that
	// programs and kernels use without it (411 MB/s), so the emulated CPU has
	// none. Where instructions are counted it is one, as on a real CPU.
	accel, cpu := "tcg,thread=multi,tb-size=512", "max,-sse4.2"
	switch {
	case m.config.Counted:
		accel, cpu = "tcg,thread=single,tb-size=512", "max"
	case m.accel == accelKVM:
		accel, cpu = accelKVM, "max"
	}
	// On a busy host an emulated timer can be too late for the kernel's check
	// of it at boot, which then panics: hence no_timer_check.
	parameters := "console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off no_timer_check " + m.config.Append
	a := []string{
		"-accel", accel, "-cpu", cpu, "-smp", strconv.Itoa(m.config.CPUs), "-m", strconv.Itoa(m.config.MemMB),
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
		"-kernel", m.built.Kernel, "-initrd", m.built.Initrd,
		"-append", parameters,
		"-device", "virtio-serial-pci", "-chardev", "socket,id=agent,fd=3",
		"-device", "virtserialport,chardev=agent,name=" + portName,
		// Writes to the root go to a temporary file that ends with QEMU.
		"-drive", "file=" + m.built.Root + ",format=raw,if=none,id=root,snapshot=on",
		"-device", "virtio-blk-pci,drive=root,serial=" + rootDisk,
	}
	if m.config.Counted {
		a = append(a, "-icount", "shift=2")
	}
	for _, d := range m.disks {
		a = append(a,
			"-blockdev", "driver=nbd,node-name=nbd-"+d.Name+",cache.direct=on,server.type=unix,server.path="+d.socket,
			// Like a disk's, its answers and nothing else decide what is
			// stable: write-cache=on lets the guest see a volatile cache.
			"-device", "virtio-blk-pci,drive=nbd-"+d.Name+d.properties()+",write-cache=on")
	}
	return a
}

// properties are what QEMU is told of a disk's identity and blocks.
func (d *attached) properties() string {
	p := ",serial=" + d.Serial
	switch {
	case d.named():
		p = ",serial=" + d.Name
	case d.Serial == NoSerial:
		p = ""
	}
	if d.Block != 0 {
		p += fmt.Sprintf(",logical_block_size=%[1]d,physical_block_size=%[1]d", d.Block)
	}
	return p
}

// environment names the disks to every command.
func (m *Machine) environment() []string {
	var env []string
	for i, d := range m.disks {
		path := DevicePath(d.Name)
		if !d.named() {
			path = "/dev/vd" + string(rune('b'+i)) // vda is the root
		}
		env = append(env, d.Name+"="+path)
	}
	return env
}
