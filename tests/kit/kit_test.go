package kit

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// verdict is what becomes of a test.
type verdict struct {
	testing.TB
	said string
}

func (v *verdict) Helper()               {}
func (v *verdict) Fatalf(string, ...any) { v.said = "fails" }
func (v *verdict) Skipf(string, ...any)  { v.said = "is skipped" }

// A test is skipped where it cannot run, and fails where it should.
func TestNeed(t *testing.T) {
	missing := errors.New("missing")
	for _, c := range []struct {
		err      error
		required func() bool
		want     string
	}{
		{nil, nil, ""},
		{nil, func() bool { return true }, ""},
		{missing, nil, "is skipped"},
		{missing, func() bool { return false }, "is skipped"},
		{missing, func() bool { return true }, "fails"},
	} {
		v := &verdict{}
		Need(v, Ability{name: "it", check: func() error { return c.err }, required: c.required})
		if v.said != c.want {
			t.Errorf("%+v: the test %q, want %q", c, v.said, c.want)
		}
	}
}

// A tool that nobody has is required of root on Debian; one that deps does not
// install, by none.
func TestNeedTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := os.WriteFile(os.Getenv("PATH")+"/dpkg-query", nil, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"mkfs.ext4": "fails", "mkfs.f2fs": "is skipped", "dpkg-query": ""} {
		if os.Geteuid() != 0 && want == "fails" {
			want = "is skipped"
		}
		v := &verdict{}
		Need(v, Tools("dpkg-query", name))
		if v.said != want {
			t.Errorf("without %s the test %q, want %q", name, v.said, want)
		}
	}
}

// A disk has its size, and takes no room.
func TestDisk(t *testing.T) {
	var st unix.Stat_t
	if err := unix.Stat(Disk(t, "hdd", 1<<40+512), &st); err != nil || st.Size != 1<<40+512 || st.Blocks > 8 {
		t.Errorf("%d bytes in %d blocks, %v", st.Size, st.Blocks, err)
	}
}

// The limit holds while it should, and then no more.
func TestLimitSpace(t *testing.T) {
	const size = 4 << 30
	take := func() error {
		mem, err := unix.Mmap(-1, 0, size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
		if err == nil {
			err = unix.Munmap(mem)
		}
		return err
	}
	LimitSpace(t, size/2, func() {
		if err := take(); err != unix.ENOMEM {
			t.Errorf("half of it is free: %v", err)
		}
	})
	LimitSpace(t, size+1<<30, func() {
		if err := take(); err != nil {
			t.Errorf("all of it is free: %v", err)
		}
	})
	if err := take(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
