package sim

import (
	"fmt"
	"runtime/debug"
)

// Violation is a broken promise.
type Violation struct {
	Promise string // P1 … P11, or what else was expected
	What    string
	Stack   string
}

func (v *Violation) Error() string { return v.Promise + " broken: " + v.What }

// fail ends the run with a violation. Runs are many calls deep in the code
// under test and have nothing to clean up, so a panic carries it to [guard].
func fail(promise, format string, args ...any) {
	panic(&Violation{promise, fmt.Sprintf(format, args...), ""})
}

// guard runs f and returns the violation that ended it, if one did. A panic of
// the code under test is one as well.
func guard(f func()) (v *Violation) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Violation:
			v = r
		default:
			v = &Violation{"no panic", fmt.Sprint(r), string(debug.Stack())}
		}
	}()
	f()
	return nil
}
