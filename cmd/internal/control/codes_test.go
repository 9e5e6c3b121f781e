package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk"
)

// Scripts lean on the codes: a row may be added, and none may ever change.
func TestCodesNeverChange(t *testing.T) {
	want := []string{"ok", "failed", "usage", "in-use", "has-content", "not-found", "taken", "not-permitted", "no-ublk", "no-server",
		"busy", "damaged", "mismatch", "bad-value", "not-formatted", "too-small", "not-attached", "interrupted", "unfit", "left-out"}
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

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Code
	}{
		{errors.New("anything"), Failed},
		{fmt.Errorf("disk: %w", blockdev.ErrInUse), InUse},
		{fmt.Errorf("disk: %w", segment.ErrTooSmall), TooSmall},
		{&segment.DamageError{Reason: errors.New("x")}, Damaged},
		{fmt.Errorf("x: %w", logcache.ErrMismatch), Mismatch},
		{fmt.Errorf("x: %w", ublk.ErrNoModule), NoUblk},
		{fmt.Errorf("x: %w", Errorf(Busy, "y: %w", blockdev.ErrInUse)), Busy},
	} {
		got := Classify(c.err)
		if got.Code != c.want || got.Message != c.err.Error() || !errors.Is(got, c.err) {
			t.Errorf("%v: %v %q", c.err, got.Code, got.Message)
		}
	}
}

func TestNamesAndIDs(t *testing.T) {
	for _, id := range []int{1, 127} {
		if err := CheckID("cache", id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []int{-1, 0, 128, 1 << 30} {
		if err := CheckID("cache", id); Classify(err).Code != BadValue {
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
		if err := CheckName(name); Classify(err).Code != BadValue {
			t.Errorf("name %q: %v", name, err)
		}
	}
}
