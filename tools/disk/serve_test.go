package disk

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client speaks NBD from its specification, not from the server's code.
type client struct {
	t    *testing.T
	conn net.Conn
}

func dial(t *testing.T, d *Disk) *client {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(l) }()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &client{t, conn}
}

func (c *client) send(parts ...any) {
	c.t.Helper()
	for _, p := range parts {
		if err := binary.Write(c.conn, binary.BigEndian, p); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *client) expect(parts ...any) {
	c.t.Helper()
	var want bytes.Buffer
	for _, p := range parts {
		_ = binary.Write(&want, binary.BigEndian, p)
	}
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(c.conn, got); err != nil {
		c.t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		c.t.Fatalf("got %x, want %x", got, want.Bytes())
	}
}

func (c *client) hello(flags uint32) {
	c.t.Helper()
	c.expect([]byte("NBDMAGICIHAVEOPT"), uint16(3))
	c.send(flags)
}

// export negotiates with EXPORT_NAME, and returns a client ready for requests.
func (c *client) export(size int64) *client {
	c.t.Helper()
	c.hello(3)
	c.send([]byte("IHAVEOPT"), uint32(1), uint32(3), []byte("any"))
	c.expect(uint64(size), uint16(1|4|8|256))
	return c
}

func (c *client) request(flags, cmd uint16, cookie, off uint64, length uint32) {
	c.t.Helper()
	c.send(uint32(0x25609513), flags, cmd, cookie, off, length)
}

func (c *client) reply(code uint32, cookie uint64) {
	c.t.Helper()
	c.expect(uint32(0x67446698), code, cookie)
}

func TestHandshakeGo(t *testing.T) {
	d := openTestDisk(t, Config{Size: 1 << 20})
	c := dial(t, d)
	c.hello(3)
	c.send([]byte("IHAVEOPT"), uint32(8), uint32(0)) // structured replies
	c.expect(uint64(0x3e889045565a9), uint32(8), uint32(1<<31+1), uint32(0))
	c.send([]byte("IHAVEOPT"), uint32(7), uint32(6), uint32(0), uint16(0)) // GO
	c.expect(uint64(0x3e889045565a9), uint32(7), uint32(3), uint32(12), uint16(0), uint64(1<<20), uint16(0x10d))
	c.expect(uint64(0x3e889045565a9), uint32(7), uint32(3), uint32(14), uint16(3), uint32(512), uint32(4096), uint32(32<<20))
	c.expect(uint64(0x3e889045565a9), uint32(7), uint32(1), uint32(0))
	c.request(0, 3, 77, 0, 0)
	c.reply(0, 77)
}

func TestHandshakeOldClientGetsZeroes(t *testing.T) {
	c := dial(t, openTestDisk(t, Config{Size: 1 << 20}))
	c.hello(1)
	c.send([]byte("IHAVEOPT"), uint32(1), uint32(0))
	c.expect(uint64(1<<20), uint16(0x10d), make([]byte, 124))
}

func TestHandshakeAbort(t *testing.T) {
	c := dial(t, openTestDisk(t, Config{Size: 1 << 20}))
	c.hello(3)
	c.send([]byte("IHAVEOPT"), uint32(2), uint32(0))
	c.expect(uint64(0x3e889045565a9), uint32(2), uint32(1), uint32(0))
	if n, err := c.conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after abort: %d, %v", n, err)
	}
}

func TestRequests(t *testing.T) {
	d := openTestDisk(t, Config{Size: 1 << 20, Latency: time.Millisecond, FlushLatency: time.Millisecond})
	c := dial(t, d).export(1 << 20)
	data := payload(5, 2)
	c.request(0, 1, 1, 4096, 1024)
	c.send(data)
	c.reply(0, 1)
	c.request(0, 0, 2, 4096, 1024)
	c.reply(0, 2)
	c.expect(data)
	c.request(1, 1, 3, 0, 512) // FUA
	c.send(data[:512])
	c.reply(0, 3)
	c.request(0, 3, 4, 0, 0)
	c.reply(0, 4)
	for cookie, bad := range []struct{ off, length uint64 }{{1, 512}, {0, 100}, {1 << 20, 512}, {1<<64 - 512, 1024}} {
		c.request(0, 0, uint64(cookie), bad.off, uint32(bad.length))
		c.reply(22, uint64(cookie))
	}
	c.request(0, 9, 5, 0, 0) // no such command
	c.reply(22, 5)
	want := Counters{Reads: 1, ReadBytes: 1024, Writes: 2, WrittenBytes: 1536, Flushes: 1, FUAs: 1}
	if got := d.Counters(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// TestRequestsInPieces: a client's bytes come as the socket has them, here so
// many at a time, and hold more than one request.
func TestRequestsInPieces(t *testing.T) {
	d := openTestDisk(t, Config{Size: 1 << 20})
	c := dial(t, d).export(1 << 20)
	var stream bytes.Buffer
	const n = 40
	for i := range uint64(n) {
		for _, part := range []any{uint32(0x25609513), uint16(0), uint16(1), i, i * 1024, uint32(1024), payload(i, 2)} {
			_ = binary.Write(&stream, binary.BigEndian, part)
		}
	}
	for _, size := range []int{1, 27, 29, 1024, 1053, 5000} {
		for _, piece := range chunks(stream.Bytes(), size) {
			c.send(piece)
		}
		for i := range uint64(n) {
			c.reply(0, i)
		}
	}
	for i := range uint64(n) {
		c.request(0, 0, i, i*1024, 1024)
		c.reply(0, i)
		c.expect(payload(i, 2))
	}
}

// chunks cuts b into pieces of at most 64 different sizes from size on.
func chunks(b []byte, size int) (list [][]byte) {
	for i := 0; len(b) > 0; i++ {
		n := min(len(b), size+i%64)
		list = append(list, b[:n])
		b = b[n:]
	}
	return list
}

// TestClientThatTakesNoAnswers holds up nobody else, and gets all of them in
// the end.
func TestClientThatTakesNoAnswers(t *testing.T) {
	d := openTestDisk(t, Config{Size: 8 << 20})
	data := payload(7, 4<<20/SectorSize)
	if _, err := d.WriteAt(data, 0); err != nil {
		t.Fatal(err)
	}
	slow, other := dial(t, d).export(8<<20), dial(t, d).export(8<<20)
	for i := range uint64(4) {
		slow.request(0, 0, i, 0, 4<<20)
	}
	for i := range uint64(100) {
		other.request(0, 0, i, 0, 512)
		other.reply(0, i)
		other.expect(data[:512])
	}
	for i := range uint64(4) {
		slow.reply(0, i)
		slow.expect(data)
	}
}

// TestManyInFlight: requests overlap, so 50 of 20 ms take far less than 1 s.
func TestManyInFlight(t *testing.T) {
	d := openTestDisk(t, Config{Size: 1 << 20, Latency: 20 * time.Millisecond})
	c := dial(t, d).export(1 << 20)
	start := time.Now()
	for i := range uint64(50) {
		c.request(0, 0, i, i*512, 512)
	}
	for i := range uint64(50) {
		c.reply(0, i)
		c.expect(make([]byte, 512))
	}
	if took := time.Since(start); took < 20*time.Millisecond || took > 500*time.Millisecond {
		t.Errorf("50 parallel reads of 20 ms took %v", took)
	}
}

// TestFlushCoversWhatCompletedBeforeIt: a write that completes while the flush
// is on its way stays volatile.
func TestFlushCoversWhatCompletedBeforeIt(t *testing.T) {
	d := openTestDisk(t, Config{Size: 1 << 20, FlushLatency: 300 * time.Millisecond})
	c := dial(t, d).export(1 << 20)
	write := func(cookie uint64) {
		c.request(0, 1, cookie, cookie*512, 512)
		c.send(payload(cookie+1, 1))
		c.reply(0, cookie)
	}
	write(0)
	c.request(0, 3, 9, 0, 0)
	write(1)
	c.reply(0, 9)
	r, err := d.Cut(LoseAll)
	if err != nil || r.Lost != 1 {
		t.Fatalf("lost %+v, %v; want the write after the flush", r, err)
	}
	got := make([]byte, 1024)
	if _, err := d.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if got[0] != 1 || got[512] != 0 {
		t.Errorf("sectors hold %d and %d, want 1 and 0", got[0], got[512])
	}
}

// TestCutEndsServiceAtOnce: what is on its way is never answered, and after
// PowerOn there is service again.
func TestCutEndsServiceAtOnce(t *testing.T) {
	d := openTestDisk(t, Config{Size: 1 << 20, Latency: time.Hour})
	c := dial(t, d).export(1 << 20)
	c.request(0, 1, 1, 0, 512)
	c.send(payload(1, 1))
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		d.mu.Lock()
		arrived := len(d.flying) == 1
		d.mu.Unlock()
		if arrived {
			break
		}
	}
	if r, err := d.Cut(LoseAll); err != nil || r.Lost != 1 {
		t.Fatalf("lost %+v, %v; want the write on its way", r, err)
	}
	if n, err := c.conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes from a disk without power", n)
	}
	if _, err := d.Cut(LoseAll); err == nil {
		t.Error("a second cut succeeds")
	}
	d.PowerOn()
	dial(t, d).export(1 << 20)
}

// TestLatencyIsPrecise in the median: the machine that tests may be busy.
func TestLatencyIsPrecise(t *testing.T) {
	d := openTestDisk(t, Config{Size: 1 << 20, Latency: 200 * time.Microsecond})
	c := dial(t, d).export(1 << 20)
	best := time.Hour
	for i := range uint64(200) {
		start := time.Now()
		c.request(0, 0, i, 0, 512)
		c.reply(0, i)
		c.expect(make([]byte, 512))
		best = min(best, time.Since(start))
	}
	if best < 200*time.Microsecond || best > 600*time.Microsecond {
		t.Errorf("the fastest read at 200 µs took %v", best)
	}
	t.Logf("the fastest read at 200 µs took %v", best)
}

func TestBadConfigIsRefused(t *testing.T) {
	for _, c := range []Config{{}, {Size: 100}, {Size: -512}, {Size: 512, Latency: -1}, {Size: 512, WriteBPS: -1}} {
		if d, err := Open(filepath.Join(t.TempDir(), "disk"), c); err == nil {
			t.Errorf("%+v is accepted", c)
			_ = d.Close()
		}
	}
}
