package inspect

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
)

var update = flag.Bool("update", false, "write the golden files anew; an image that is there stays")

// testdata is where the images of all versions of the format lie.
const testdata = "../testdata"

// TestGoldenEncoding: if this fails, the format changed: bump the version, and
// add images. Never replace one.
func TestGoldenEncoding(t *testing.T) {
	for _, g := range goldenImages {
		path := filepath.Join(testdata, g.name+".img.gz")
		made := g.build(t)
		if _, err := os.Stat(path); os.IsNotExist(err) && *update {
			writeImage(t, path, made)
		}
		if !bytes.Equal(readImage(t, path), made) {
			t.Errorf("%s: the same writes do not give the same bytes any more", g.name)
		}
	}
}

// TestGoldenImages opens the images of every version that there ever was.
func TestGoldenImages(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testdata, "v*.img.gz"))
	if err != nil || len(paths) < 2*len(goldenImages) {
		t.Fatalf("%d images, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".img.gz"), func(t *testing.T) {
			b := readImage(t, path)
			before := bytes.Clone(b)
			got := describe(t, b)
			if !bytes.Equal(b, before) {
				t.Error("looking at the image changed it")
			}
			compareGolden(t, strings.TrimSuffix(path, ".img.gz")+".txt", got)
			resumes(t, b)
		})
	}
}

// describe prints all that can be said of an image.
func describe(t *testing.T, b []byte) []byte {
	m, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	l, err := m.Survey(context.Background(), Options{Payload: true})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	must(t, l.Report().Fprint(&out, true))
	fmt.Fprintln(&out)
	must(t, Fprint(&out, m.DumpSuper()))
	last := uint64(0)
	for i := range l.Records {
		if id := l.Records[i].Segment; id != last {
			sections, err := m.DumpSegment(id)
			must(t, err)
			fmt.Fprintln(&out)
			must(t, Fprint(&out, sections))
			last = id
		}
	}
	for _, choice := range []Choice{Refuse, StopBefore, Skip} {
		for _, bound := range m.super.Bindings {
			fmt.Fprintf(&out, "\n== replay of device %d, choice %d\n", bound.ID, choice)
			describeReplay(t, &out, l, bound.ID, choice)
		}
	}
	return out.Bytes()
}

func describeReplay(t *testing.T, w io.Writer, l *Log, device uint8, choice Choice) {
	p, err := l.Plan(device, choice)
	if err != nil {
		fmt.Fprintln(w, err)
		return
	}
	disk := &memory{b: make([]byte, p.Binding.Sectors*segment.SectorSize)}
	must(t, p.Replay(context.Background(), disk, nil))
	fmt.Fprintf(w, "%d records, %d left out, flushed %t, disk %08x\n", p.Records, p.LeftOut, disk.flushed, segment.Checksum(disk.b))
	for _, r := range p.Ranges {
		fmt.Fprintf(w, "write %s\n", r)
	}
	for _, r := range p.Lost {
		fmt.Fprintf(w, "lost %s\n", r)
	}
	if !p.Exact {
		fmt.Fprintln(w, "lost: not exact")
	}
}

// resumes tells that a cache takes the image if a survey finds it sound, with
// the same records, and refuses it otherwise.
func resumes(t *testing.T, b []byte) {
	l := surveyBytes(t, b)
	c, rec, err := logcache.Resume(&memory{b: bytes.Clone(b)}, logcache.Config{})
	if damagedHeader(l) {
		if err == nil {
			t.Error("a resume takes what a survey finds damaged")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Free()
	if rec.LastSeq != l.Last() || rec.Dropped != l.Torn {
		t.Errorf("a resume finds records up to %d (torn %t), a survey up to %d (%t)", rec.LastSeq, rec.Dropped, l.Last(), l.Torn)
	}
}

func damagedHeader(l *Log) bool {
	for _, d := range l.Damage {
		if d.Kind == DamagedHeader {
			return true
		}
	}
	return false
}

func surveyBytes(t testing.TB, b []byte) *Log {
	t.Helper()
	m, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	l, err := m.Survey(context.Background(), Options{Payload: true})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// memory is a disk.
type memory struct {
	b       []byte
	flushed bool
	writes  int
}

func (m *memory) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(m.b).ReadAt(b, off)
}

func (m *memory) WriteAt(b []byte, off int64) (int, error) {
	m.flushed = false
	m.writes++
	return copy(m.b[off:], b), nil
}

func (m *memory) Flush() error {
	m.flushed = true
	return nil
}

func compareGolden(t *testing.T, path string, got []byte) {
	if *update {
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func readImage(t testing.TB, path string) []byte {
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	return b
}

func writeImage(t testing.TB, path string, b []byte) {
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	must(t, err)
	_, err = z.Write(b)
	must(t, err)
	must(t, z.Close())
	must(t, os.WriteFile(path, out.Bytes(), 0o644))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
