package migrate

import "testing"

// The words for what a migrator is doing are documented, and scripts read them.
func TestStateWords(t *testing.T) {
	for s, want := range map[state]string{idle: "idle", reading: "reading", writing: "writing", flushing: "flushing", committing: "committing"} {
		if s.String() != want {
			t.Errorf("state %d is called %s, want %s", s, s, want)
		}
	}
}
