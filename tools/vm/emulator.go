package vm

import "regexp"

// bootTries is how often a guest is started that the emulator breaks.
const bootTries = 5

// staleBreakpoint matches the words of a kernel that met a breakpoint which
// it had taken out before.
var staleBreakpoint = regexp.MustCompile(`\bint3: 0000`)

// brokenByEmulator tells whether a guest that is dead died of QEMU and not of
// anything in it. The kernel changes its own text when it boots: a breakpoint
// goes in, the rest of an instruction, the breakpoint goes out. A QEMU before
// 8.1 does not lock a page that it translates, so that one emulated CPU may run
// a translation that still has the breakpoint, which the kernel takes for a bug
// of its own. Until the agent has answered, nothing but the kernel ran and no
// disk was written to, so that such a guest may simply be started again. Later
// it is a crash like any other.
func (g *guest) brokenByEmulator() bool {
	select {
	case <-g.ready:
		return false
	default:
		return staleBreakpoint.MatchString(g.console.complaint())
	}
}
