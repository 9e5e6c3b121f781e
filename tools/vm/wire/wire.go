// Package wire is the protocol between the host and the agent in a guest:
// frames over one virtio serial port, multiplexed by a stream number that the
// host chooses. A stream is one command, or one file on its way in.
//
//	length uint32 | stream uint32 | kind uint8 | length bytes
//
// All numbers are little endian. The host opens a stream with Exec or File,
// feeds it with Input until InputEnd, and may send Signal. The guest sends
// Stdout and Stderr and closes the stream with Exit; output that a background
// child of an exited command still writes may follow and belongs to nobody.
// Stream 0 is the machine: the guest says Ready once, the host PowerOff.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// PortName is the name of the virtio serial port.
const PortName = "ublk-lc.agent"

// MaxData is the longest frame's data. Header and data together fit the 32 KiB
// that a guest's virtio port moves at once.
const MaxData = 32<<10 - headerSize

const headerSize = 9

// Kind says what a frame means.
type Kind uint8

// Both sides are built from one tree, so the numbers need no stability.
const (
	Ready Kind = iota + 1
	Exec
	File
	Input
	InputEnd
	Signal
	Stdout
	Stderr
	Exit
	PowerOff
)

// Command is the data of Exec, in JSON.
type Command struct {
	Args []string
	Env  []string // added to the agent's
	Dir  string
}

// Target is the data of File, in JSON. Missing folders are made.
type Target struct {
	Path string
	Mode uint32
}

// Status is the data of Exit, in JSON.
type Status struct {
	Code  int    // as a shell reports it: 128 + n after signal n
	Error string // why the command did not run, or the file was not written
}

// Frame is one unit on the wire.
type Frame struct {
	Stream uint32
	Kind   Kind
	Data   []byte
}

// Decode reads a frame's data as JSON.
func (f Frame) Decode(v any) error {
	if err := json.Unmarshal(f.Data, v); err != nil {
		return fmt.Errorf("wire: frame of kind %d: %w", f.Kind, err)
	}
	return nil
}

// Read reads one frame. io.EOF is a clean end between two frames.
func Read(r io.Reader) (Frame, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return Frame{}, err
	}
	length := binary.LittleEndian.Uint32(h[:])
	if length > MaxData {
		return Frame{}, fmt.Errorf("wire: frame of %d bytes", length)
	}
	f := Frame{Stream: binary.LittleEndian.Uint32(h[4:]), Kind: Kind(h[8]), Data: make([]byte, length)}
	if _, err := io.ReadFull(r, f.Data); err != nil {
		return Frame{}, fmt.Errorf("wire: frame cut short: %w", err)
	}
	return f, nil
}

// Writer writes frames whole, from any number of goroutines.
type Writer struct {
	mu  sync.Mutex
	w   io.Writer
	buf []byte
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write sends one frame.
func (w *Writer) Write(stream uint32, kind Kind, data []byte) error {
	if len(data) > MaxData {
		return fmt.Errorf("wire: frame of %d bytes", len(data))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = binary.LittleEndian.AppendUint32(w.buf[:0], uint32(len(data)))
	w.buf = binary.LittleEndian.AppendUint32(w.buf, stream)
	w.buf = append(w.buf, byte(kind))
	w.buf = append(w.buf, data...)
	if _, err := w.w.Write(w.buf); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	return nil
}

// WriteJSON sends one frame with v as its data.
func (w *Writer) WriteJSON(stream uint32, kind Kind, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	return w.Write(stream, kind, data)
}

// Copy sends all of r as frames of one kind.
func (w *Writer) Copy(stream uint32, kind Kind, r io.Reader) error {
	buf := make([]byte, MaxData)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if err := w.Write(stream, kind, buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wire: source: %w", err)
		}
	}
}
