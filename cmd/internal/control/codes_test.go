package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

// Scripts lean on the codes: a row may be added, and none may ever change.
func TestCodesNeverChange(t *testing.T) {
	want := []string{"ok", "failed", "usage", "in-use", "has-content", "not-found", "taken", "not-permitted", "no-ublk", "no-server",
		"busy", "damaged", "mismatch", "bad-value", "not-formatted", "too-small", "not-attached", "interrupted", "unfit", "left-out", "timed-out"}
	if len(Codes) != len(want) {
		t.Errorf("%d codes, want %d", len(Codes), len(want))
	}
	for i, c := range Codes {
		if int(c.Code) != i || c.Name != want[i] || c.Meaning == "" {
			t.Errorf("code %d is %d %q", i, c.Code, c.Name)
		}
	}
}

func TestCodesTravelByName(t *testing.T) {
	for _, c := range Codes {
		b, err := json.Marshal(c.Code)
		if err != nil || string(b) != fmt.Sprintf("%q", c.Name) {
			t.Errorf("%d: %s, %v", c.Code, b, err)
		}
		var back Code
		if err := json.Unmarshal(b, &back); err != nil || back != c.Code {
			t.Errorf("%s comes back as %d, %v", b, back, err)
		}
	}
	var unknown Code
	if err := json.Unmarshal([]byte(`"of-a-newer-server"`), &unknown); err != nil || unknown != Failed {
		t.Errorf("a code unknown here: %d, %v; want Failed", unknown, err)
	}
}

func TestNamesAndIDs(t *testing.T) {
	for _, id := range []int{1, 127} {
		if err := CheckID("cache", id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []int{-1, 0, 128, 1 << 30} {
		if err := CheckID("cache", id); codeOf(err) != BadValue {
			t.Errorf("id %d: %v", id, err)
		}
	}
	long := fmt.Sprintf("%064d", 0)
	for _, name := range []string{"myLV", "a", "vg-lv_1.2+x", long} {
		if err := CheckName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", ".", "..", ".hidden", "-x", "a/b", "a b", "ä", "a\n", long + "0"} {
		if err := CheckName(name); codeOf(err) != BadValue {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

// An error with a code is each of those that it was made of.
func TestErrorfWrapsAll(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	err := fmt.Errorf("above: %w", Errorf(Busy, "%w: %w", one, two))
	if !errors.Is(err, one) || !errors.Is(err, two) || codeOf(err) != Busy || err.Error() != "above: one: two" {
		t.Errorf("%v, %v", codeOf(err), err)
	}
}

// codeOf is the code that an error of this package carries.
func codeOf(err error) Code {
	var e *Error
	if !errors.As(err, &e) {
		return OK
	}
	return e.Code
}
