package ublk

import (
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUserCopyLayout lets a sparse file stand for the character device.
func TestUserCopyLayout(t *testing.T) {
	fd, err := unix.MemfdCreate("char", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	q := &Queue{dev: newDevice(0, nil), id: 2, charFD: fd}
	r := &Request{Tag: 3}
	if err := q.Fill(r, []byte("data"), 512); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := unix.Pread(fd, got, 0x80000000+2<<41+3<<25+512); err != nil || string(got) != "data" {
		t.Errorf("the place of queue 2, tag 3 holds %q, %v", got, err)
	}
	if err := q.Fetch(r, got, 514); !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("a fetch that came short: %v", err)
	}
	if err := q.Fetch(r, got[:2], 514); err != nil || string(got[:2]) != "ta" {
		t.Errorf("fetched %q, %v", got[:2], err)
	}
}
