package segment

import "encoding/binary"

// MaxMarks and MaxSamples bound what a [Witness] has of each.
const (
	MaxMarks   = 29
	MaxSamples = 12
)

// maxWitnessed is how many sectors of head and tail, together, a witness has
// room for.
const maxWitnessed = (witnessSize - 16 - markSize*(MaxMarks+MaxSamples)) / checksumSize

const markSize = 12

// Mark is what one sector of a backing held when it was last written.
type Mark struct {
	LBA uint64 // in sectors
	Sum uint32 // [Checksum] of the sector
}

// Witness is what some places of a backing hold, as last written through the
// cache and durable there: a second witness, beside what the host says, for which
// disk that is and how far it is. What the log holds that is not migrated is
// newer, and may be there already, whole or in part.
type Witness struct {
	Sectors uint64   // size of the backing when its ends were looked at
	Head    []uint32 // [Checksum] of each of the first sectors
	Tail    []uint32 // and of each of the last
	Marks   []Mark   // of sectors that look like the superblock of a file system, newest first
	Samples []Mark   // of sectors of the last batch that was migrated
}

// put encodes a witness, or that there is none.
func (w *Witness) put(b []byte) {
	if w == nil {
		return
	}
	if len(w.Head)+len(w.Tail) > maxWitnessed || len(w.Marks) > MaxMarks || len(w.Samples) > MaxSamples {
		panic("segment: witness does not fit its room")
	}
	le := binary.LittleEndian
	for i, n := range []int{len(w.Head), len(w.Tail), len(w.Marks), len(w.Samples)} {
		le.PutUint16(b[2*i:], uint16(n))
	}
	le.PutUint64(b[8:], w.Sectors)
	b = b[16:]
	for _, sums := range [][]uint32{w.Head, w.Tail} {
		for _, sum := range sums {
			le.PutUint32(b, sum)
			b = b[checksumSize:]
		}
	}
	for _, marks := range [][]Mark{w.Marks, w.Samples} {
		for _, m := range marks {
			le.PutUint64(b, m.LBA)
			le.PutUint32(b[8:], m.Sum)
			b = b[markSize:]
		}
	}
}

// getWitness decodes a witness; one of a backing without sectors is none.
func getWitness(b []byte) (*Witness, error) {
	le := binary.LittleEndian
	var n [4]int
	for i := range n {
		n[i] = int(le.Uint16(b[2*i:]))
	}
	w := &Witness{Sectors: le.Uint64(b[8:])}
	switch {
	case w.Sectors == 0:
		return nil, nil
	case n[0]+n[1] > maxWitnessed:
		return nil, &FieldError{"witnessed sectors", uint64(n[0] + n[1]), maxWitnessed}
	case n[2] > MaxMarks || n[3] > MaxSamples:
		return nil, &FieldError{"witness marks", uint64(n[2] + n[3]), MaxMarks + MaxSamples}
	case uint64(max(n[0], n[1])) > w.Sectors:
		return nil, &FieldError{"witnessed sectors", uint64(max(n[0], n[1])), w.Sectors}
	}
	b = b[16:]
	w.Head, b = getSums(b, n[0])
	w.Tail, b = getSums(b, n[1])
	w.Marks, b = getMarks(b, n[2])
	w.Samples, _ = getMarks(b, n[3])
	return w, nil
}

func getSums(b []byte, n int) (sums []uint32, rest []byte) {
	for range n {
		sums = append(sums, binary.LittleEndian.Uint32(b))
		b = b[checksumSize:]
	}
	return sums, b
}

func getMarks(b []byte, n int) (marks []Mark, rest []byte) {
	for range n {
		marks = append(marks, Mark{LBA: binary.LittleEndian.Uint64(b), Sum: binary.LittleEndian.Uint32(b[8:])})
		b = b[markSize:]
	}
	return marks, b
}
