package inline

import (
	"errors"
	"io"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// asker gives operations, and others when those are done or when it reads its
// inbox.
type asker struct {
	ops   []*block.Op
	done  []error
	then  func()
	inbox func()
}

func (a *asker) Ops() []*block.Op {
	ops := a.ops
	a.ops = nil
	return ops
}

func (a *asker) Done(op *block.Op, err error) {
	if a.done = append(a.done, err); a.then != nil {
		a.then()
	}
}

func (a *asker) Poll() {
	if then := a.inbox; then != nil {
		a.inbox = nil
		then()
	}
}

func (a *asker) ask(k block.Kind, dev block.Dev, off int64, b []byte) {
	a.ops = append(a.ops, &block.Op{Kind: k, Dev: dev, Offset: off, Buf: b, Length: int64(len(b)), Sink: a})
}

// What is asked is done where it belongs, or fails as it is told to.
func TestHostCarriesOut(t *testing.T) {
	m, bad := Memory("0123456789"), errors.New("bad")
	h := &Host{Disks: map[block.Dev]Disk{1: m}, Fails: func(op *block.Op) error {
		if op.Offset == 7 {
			return bad
		}
		return nil
	}}
	a, got := &asker{}, make([]byte, 2)
	a.ask(block.Write, 1, 2, []byte("ab"))
	a.ask(block.Read, 1, 2, got)
	a.ask(block.Zero, 1, 4, []byte("xy"))
	a.ask(block.Write, 1, 7, []byte("cd"))
	a.ask(block.Write, 2, 0, []byte("elsewhere"))
	a.ask(block.Flush, 1, 0, nil)
	a.ask(block.Write, 1, 9, []byte("ef"))
	a.ask(block.Write, 1, 10, []byte("g"))
	a.ask(block.Read, 1, 9, got[:0:0])
	h.Run(a)
	for i, want := range []error{nil, nil, nil, bad, nil, nil, io.ErrShortWrite, io.ErrShortWrite, nil} {
		if !errors.Is(a.done[i], want) {
			t.Errorf("operation %d: %v, want %v", i, a.done[i], want)
		}
	}
	if string(m) != "01ab\x00\x00678e" || string(got) != "ab" || m.Flush() != nil {
		t.Errorf("it holds %q, and %q was read", m, got)
	}
}

// What follows from an operation is done too; what is in the inbox is, if it
// shall settle.
func TestHostSettles(t *testing.T) {
	for _, settles := range []bool{false, true} {
		a, b := &asker{}, &asker{}
		a.then = func() {
			a.then = nil
			a.ask(block.Flush, 1, 0, nil)
			b.inbox = func() { b.ask(block.Flush, 1, 0, nil) }
		}
		b.then = func() { a.inbox = func() { a.ask(block.Flush, 1, 0, nil) } }
		a.ask(block.Flush, 1, 0, nil)
		if h := new(Host); settles {
			h.Settle(b, a)
		} else {
			h.Run(b, a)
		}
		if want := map[bool][2]int{false: {2, 0}, true: {3, 1}}[settles]; len(a.done) != want[0] || len(b.done) != want[1] {
			t.Errorf("settles %v: %d and %d are done, want %d", settles, len(a.done), len(b.done), want)
		}
	}
}
