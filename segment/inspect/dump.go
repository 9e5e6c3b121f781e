package inspect

import (
	"fmt"
	"io"
	"strings"
)

// Bytes print themselves in hexadecimal.
type Bytes []byte

// longZeroes is from how many zero bytes on they are only counted.
const longZeroes = 8

func (b Bytes) String() string {
	zeroes := len(b) - len(strings.TrimRight(string(b), "\x00"))
	if zeroes < longZeroes {
		return fmt.Sprintf("% x", []byte(b))
	}
	head := b[:len(b)-zeroes]
	if len(head) == 0 {
		return fmt.Sprintf("00 ×%d", zeroes)
	}
	return fmt.Sprintf("% x 00 ×%d", []byte(head), zeroes)
}

// Field is a run of bytes and what they mean.
type Field struct {
	Offset  int64 // byte on the cache device
	Bytes   Bytes
	Name    string
	Value   any
	Meaning string
}

// Section is a structure of the format as it lies on the device.
type Section struct {
	Title   string
	Problem string // why it is not valid
	Fields  []Field
}

// Fprint prints sections: "offset range: bytes  # field = value, meaning".
func Fprint(w io.Writer, sections []Section) error {
	p := &printer{w: w}
	for i, s := range sections {
		if i > 0 {
			p.linef("")
		}
		p.linef("== %s", s.Title)
		if s.Problem != "" {
			p.linef("!! %s", s.Problem)
		}
		for j := range s.Fields {
			p.linef("%s", s.Fields[j].String())
		}
	}
	return p.err
}

func (f *Field) String() string {
	s := fmt.Sprintf("%8d         : %-24s # %s", f.Offset, "", f.Name)
	if n := int64(len(f.Bytes)); n > 0 {
		s = fmt.Sprintf("%8d-%-8d: %-24s # %s", f.Offset, f.Offset+n-1, f.Bytes, f.Name)
	}
	if f.Value != nil {
		s += fmt.Sprintf(" = %v", f.Value)
	}
	if f.Meaning != "" {
		s += ", " + f.Meaning
	}
	return s
}

// cutter takes fields off the bytes of a structure, one after another.
type cutter struct {
	version uint32 // of the format, of a superblock
	section Section
	base    int64 // of b[0] on the device
	b       []byte
	at      int
}

// field takes n bytes. value may be nil.
func (c *cutter) field(n int, name string, value func([]byte) any, meaning string) {
	n = min(n, len(c.b)-c.at)
	if n <= 0 {
		return
	}
	b := c.b[c.at : c.at+n]
	f := Field{Offset: c.base + int64(c.at), Bytes: b, Name: name, Meaning: meaning}
	if value != nil {
		f.Value = value(b)
	}
	c.section.Fields = append(c.section.Fields, f)
	c.at += n
}

// reserved takes bytes that must be 0.
func (c *cutter) reserved(to int) {
	if to <= c.at {
		return
	}
	meaning := "0"
	if strings.Trim(string(c.b[c.at:min(to, len(c.b))]), "\x00") != "" {
		meaning = "not 0, as it should be"
	}
	c.field(to-c.at, "reserved", nil, meaning)
}

// last lets the meaning of the field that was taken last depend on its value.
func (c *cutter) last(meaning string) { c.section.Fields[len(c.section.Fields)-1].Meaning = meaning }
