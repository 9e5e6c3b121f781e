package vm

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// consoleTail is how much of the console is kept for failure reports.
const consoleTail = 16 << 10

// trouble matches the kernel's words for a bug that it met.
var trouble = regexp.MustCompile(`Kernel panic|\bOops\b|\bBUG:|general protection fault|blocked for more than`)

// console keeps the tail of what a guest's kernel prints, and its first
// complaint, which the tail may have lost.
type console struct {
	mu    sync.Mutex
	also  io.Writer // may be nil
	tail  []byte
	line  []byte // not yet complete
	first string // the first line with trouble in it
}

// Write never fails: a reader of the console that does must not stop a guest.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	p = bytes.ReplaceAll(p, []byte("\r"), nil)
	if c.also != nil {
		_, _ = c.also.Write(p)
	}
	c.tail = append(c.tail, p...)
	if over := len(c.tail) - consoleTail; over > consoleTail {
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
	c.inspect(p)
	return n, nil
}

func (c *console) inspect(p []byte) {
	for len(p) > 0 && c.first == "" {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		c.line = append(c.line, line...)
		if !whole {
			return
		}
		if trouble.Match(c.line) {
			c.first = string(c.line)
		}
		c.line, p = c.line[:0], rest
	}
}

// last returns the end of the console.
func (c *console) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.tail[max(0, len(c.tail)-consoleTail):])
}

// complaint returns the first line in which the kernel reported a bug, or "".
func (c *console) complaint() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first
}
