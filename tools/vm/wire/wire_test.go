package wire

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	var buf bytes.Buffer
	w := NewWriter(&buf)
	long := strings.Repeat("x", MaxData+5)
	if err := w.Copy(7, Stdout, strings.NewReader(long)); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteJSON(7, Exit, Status{Code: 3}); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for {
		f, err := Read(&buf)
		if err != nil {
			t.Fatal(err)
		}
		if f.Stream != 7 {
			t.Fatalf("stream %d", f.Stream)
		}
		if f.Kind == Exit {
			var st Status
			if err := f.Decode(&st); err != nil || st.Code != 3 {
				t.Errorf("status %+v, %v", st, err)
			}
			break
		}
		got = append(got, f.Data...)
	}
	if string(got) != long {
		t.Errorf("%d bytes arrived, %d were sent", len(got), len(long))
	}
	if _, err := Read(&buf); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestDamageIsAnError(t *testing.T) {
	for name, data := range map[string]string{
		"too long":  "\xff\xff\xff\xff\x01\x00\x00\x00\x01",
		"cut short": "\x05\x00\x00\x00\x01\x00\x00\x00\x01ab",
		"no header": "\x05\x00",
	} {
		if f, err := Read(strings.NewReader(data)); err == nil || err == io.EOF {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	if err := NewWriter(io.Discard).Write(1, Input, make([]byte, MaxData+1)); err == nil {
		t.Error("a frame that is too long is sent")
	}
}
