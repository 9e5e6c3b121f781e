package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

// fakeSite keeps the scripts it gets, and answers those with fio like fio. Each
// write to the SSD counts twice.
type fakeSite struct {
	size    int64
	scripts []string
	fio     string
	ssd     uint64
	fails   string // scripts with this text fail
	stuck   bool   // for ever
	says    string // what scripts about bypass print
}

func (s *fakeSite) script(_ context.Context, text string) (string, error) {
	s.scripts = append(s.scripts, text)
	if s.fails != "" && strings.Contains(text, s.fails) {
		return "", errors.New("it failed")
	}
	if strings.Contains(text, "sequential_cutoff") {
		return s.says, nil
	}
	if !strings.Contains(text, "fio ") {
		return "1000, 2000, 1, 0, 0\n", nil
	}
	s.ssd += 2 * 38158336
	return "cpu  100 0 0 0 0 0 0\ncpu  400 0 0 0 0 0 0\n" + s.fio, nil
}

func (s *fakeSite) put(context.Context, string, []byte) (string, error) { return "", nil }
func (s *fakeSite) third() bool                                         { return false }
func (s *fakeSite) again(context.Context) error {
	if s.stuck {
		return errors.New("it stays")
	}
	s.fails = ""
	return nil
}
func (s *fakeSite) whole() int64    { return s.size }
func (s *fakeSite) about() []string { return nil }
func (s *fakeSite) close() error    { return nil }
func (s *fakeSite) written(disk string) (uint64, error) {
	if disk == "ssd" {
		return s.ssd, nil
	}
	return 0, nil
}

func fakeTrial(t *testing.T, system, work string) (*trial, *fakeSite) {
	t.Helper()
	text, err := os.ReadFile("testdata/sync4k.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeSite{size: 512 << 20, fio: string(text)}
	o, err := parseOptions([]string{"-systems", system, "-works", work})
	if err != nil {
		t.Fatal(err)
	}
	return &trial{ctx: t.Context(), site: s, sys: o.systems[0], work: o.works[0], o: o}, s
}

func TestTrial(t *testing.T) {
	tr, s := fakeTrial(t, "lc", "sync4k")
	f, failed, err := tr.do()
	if failed != nil || err != nil {
		t.Fatal(failed, err)
	}
	if f.SSDBytes != 2 || f.HDDBytes != 0 || f.CPUPerGB < 78 || f.CPUPerGB > 79 {
		t.Errorf("%+v", f)
	}
	if len(s.scripts) != 3 || !strings.Contains(s.scripts[0], "lc attach") || !strings.Contains(s.scripts[2], "lc shutdown") {
		t.Errorf("scripts %q", s.scripts)
	}
	if want := "cache=$ssd; cachemb=512\n"; !strings.HasPrefix(s.scripts[1], want) {
		t.Errorf("%q does not start with %q", s.scripts[1], want)
	}
}

// A small cache is a slice of the SSD, which goes after the system.
func TestTrialOnASlice(t *testing.T) {
	tr, s := fakeTrial(t, "bcache", "full")
	f, failed, err := tr.do()
	if failed != nil || err != nil {
		t.Fatal(failed, err)
	}
	if len(f.Series) != tr.o.long-1 || f.Series[0] != 2.048 || f.Series[1] != 0 {
		t.Errorf("series %v", f.Series)
	}
	down := s.scripts[len(s.scripts)-1]
	if !strings.HasPrefix(s.scripts[0], "cache=/dev/mapper/lcbench-cache; cachemb=64\n") ||
		!strings.Contains(s.scripts[0], "dmsetup create lcbench-cache") || !strings.HasSuffix(down, "dmsetup remove --retry lcbench-cache") {
		t.Errorf("scripts %q", s.scripts)
	}
}

// A work that failed leaves nothing up, and the run goes on.
func TestTrialFails(t *testing.T) {
	tr, s := fakeTrial(t, "lc", "sync4k")
	s.fails = "fio "
	if _, failed, err := tr.do(); failed == nil || err != nil {
		t.Errorf("failed %v, err %v", failed, err)
	}
	if last := s.scripts[len(s.scripts)-1]; !strings.Contains(last, "lc shutdown") {
		t.Errorf("the last script is %q", last)
	}
	var res results
	if err := res.add(t.Context(), s, tr.o, 0); err != nil || len(res.Failures) != 1 || len(res.Figures) != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	s.fails = "shutdown"
	if err := res.add(t.Context(), s, tr.o, 0); err != nil || len(res.Failures) != 2 {
		t.Errorf("a site that can be had anew: %+v, %v", res.Failures, err)
	}
	s.fails, s.stuck = "shutdown", true
	if err := res.add(t.Context(), s, tr.o, 0); err == nil {
		t.Error("the run goes on with a system that is still up")
	}
}
