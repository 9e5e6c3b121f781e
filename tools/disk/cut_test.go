package disk

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const testSectors = 24

func newTestImage(t interface {
	Helper()
	Fatal(...any)
}, dir string, limit int64) *image {
	t.Helper()
	f, err := os.CreateTemp(dir, "image")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(testSectors * SectorSize); err != nil {
		t.Fatal(err)
	}
	return &image{file: f, limit: limit}
}

// payload fills sectors with the number of the write that they belong to.
func payload(version uint64, sectors int) []byte {
	p := make([]byte, sectors*SectorSize)
	for i := range sectors {
		for at := i * SectorSize; at < (i+1)*SectorSize; at += 8 {
			binary.LittleEndian.PutUint64(p[at:], version)
		}
	}
	return p
}

// version returns which write a sector holds, and fails on a mixture.
func version(sector []byte) (uint64, error) {
	v := binary.LittleEndian.Uint64(sector)
	for at := 0; at < SectorSize; at += 8 {
		if w := binary.LittleEndian.Uint64(sector[at:]); w != v {
			return 0, fmt.Errorf("a sector mixes writes %d and %d", v, w)
		}
	}
	return v, nil
}

// sectorModel knows for each sector the stable version, then the volatile ones.
type sectorModel [testSectors][]uint64

func (m *sectorModel) write(v uint64, at, n int, stable bool) {
	for s := at; s < at+n; s++ {
		if stable {
			m[s] = m[s][:0]
		}
		m[s] = append(m[s], v)
	}
}

func (m *sectorModel) flush() {
	for s := range m {
		m[s] = m[s][len(m[s])-1:]
	}
}

// TestCutLeavesOneVersionOfEachSector runs random histories of writes, FUA
// writes and flushes, and checks the image after a cut sector by sector.
func TestCutLeavesOneVersionOfEachSector(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := newTestImage(t, dir, 1<<30)
		defer m.file.Close()
		var model sectorModel
		model.write(0, 0, testSectors, true)
		next := uint64(1)
		draw := func() (at, n int) {
			at = rapid.IntRange(0, testSectors-1).Draw(t, "sector")
			return at, rapid.IntRange(1, testSectors-at).Draw(t, "count")
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); kind {
			case 0:
				m.settle(m.mark())
				model.flush()
			default:
				at, n := draw()
				put := m.write
				if kind == 1 {
					put = m.writeStable
				}
				if err := put(payload(next, n), int64(at)*SectorSize); err != nil {
					t.Fatal(err)
				}
				model.write(next, at, n, kind == 1)
				next++
			}
		}
		loss := Loss{All: rapid.Bool().Draw(t, "all"), Seed: rapid.Uint64().Draw(t, "seed")}
		var flying []piece
		if rapid.Bool().Draw(t, "flying") {
			at, n := draw()
			flying = []piece{{int64(at) * SectorSize, payload(next, n)}}
			model.write(next, at, n, false)
		}
		if _, err := m.cut(loss, flying); err != nil {
			t.Fatal(err)
		}
		checkCut(t, m, &model, loss)
	})
}

func checkCut(t *rapid.T, m *image, model *sectorModel, loss Loss) {
	got := make([]byte, testSectors*SectorSize)
	if err := m.read(got, 0); err != nil {
		t.Fatal(err)
	}
	for s := range testSectors {
		v, err := version(got[s*SectorSize : (s+1)*SectorSize])
		if err != nil {
			t.Fatal(err)
		}
		allowed := model[s]
		if loss.All {
			allowed = allowed[:1]
		}
		if !slices.Contains(allowed, v) {
			t.Fatalf("sector %d holds write %d, allowed are %v", s, v, allowed)
		}
	}
}

// TestDiceCoverEveryFate makes sure that the dice are worth throwing: writes
// get lost, survive and tear, and a later one survives an earlier one.
func TestDiceCoverEveryFate(t *testing.T) {
	var sum Report
	reordered := false
	for seed := range uint64(50) {
		m := newTestImage(t, t.TempDir(), 1<<30)
		defer m.file.Close()
		for i := range 3 {
			if err := m.write(payload(uint64(i+1), 8), int64(i)*8*SectorSize); err != nil {
				t.Fatal(err)
			}
		}
		r, err := m.cut(Dice(seed), nil)
		if err != nil {
			t.Fatal(err)
		}
		sum.Lost, sum.Applied, sum.Torn = sum.Lost+r.Lost, sum.Applied+r.Applied, sum.Torn+r.Torn
		got := make([]byte, testSectors*SectorSize)
		if err := m.read(got, 0); err != nil {
			t.Fatal(err)
		}
		reordered = reordered || got[0] == 0 && got[8*SectorSize] == 2
	}
	if sum.Lost < 20 || sum.Applied < 20 || sum.Torn < 20 || !reordered {
		t.Errorf("fates of 150 writes: %+v, reordered: %v", sum, reordered)
	}
}

// TestSameSeedSameCut: a failing run must be repeatable.
func TestSameSeedSameCut(t *testing.T) {
	var first []byte
	for range 2 {
		m := newTestImage(t, t.TempDir(), 1<<30)
		defer m.file.Close()
		history := rand.New(rand.NewPCG(7, 7))
		for v := range uint64(20) {
			at := history.IntN(testSectors)
			if err := m.write(payload(v+1, 1+history.IntN(testSectors-at)), int64(at)*SectorSize); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.cut(Dice(99), nil); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(m.file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		} else if !slices.Equal(first, got) {
			t.Error("two cuts with one seed differ")
		}
	}
}

// TestVolatileLimit: beyond the limit the oldest writes become stable.
func TestVolatileLimit(t *testing.T) {
	m := newTestImage(t, t.TempDir(), 4*SectorSize)
	defer m.file.Close()
	for i := range 6 {
		if err := m.write(payload(uint64(i+1), 1), int64(i)*SectorSize); err != nil {
			t.Fatal(err)
		}
	}
	r, err := m.cut(LoseAll, nil)
	if err != nil || r.Lost != 4 {
		t.Fatalf("lost %+v, %v; want the newest 4", r, err)
	}
	got := make([]byte, 3*SectorSize)
	if err := m.read(got, 0); err != nil {
		t.Fatal(err)
	}
	if got[0] != 1 || got[SectorSize] != 2 || got[2*SectorSize] != 0 {
		t.Errorf("sectors hold %d %d %d, want 1 2 0", got[0], got[SectorSize], got[2*SectorSize])
	}
}

func openTestDisk(t *testing.T, c Config) *Disk {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "disk"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}
