package analysis

import (
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// Memo remembers from look to look what the environment filter made of a rollout's history and minutes, which costs most of an
// Assess. Nothing depends on it: without it, or with another rollout's, the same comes out later. The zero Memo remembers
// nothing. It is for one goroutine, and takes 180 KB.
type Memo struct {
	begun   bool
	history []Counts
	learnt  sequential.Filter
	// blocks are those of the last look, and logH the evidence after each.
	blocks []Block
	logH   []float64
	// after are the filters after so many blocks, each at that number modulo kept: from oldest on.
	after  [kept]sequential.Filter
	oldest int
}

// kept is how many of them are kept: CloudWatch fills the last minutes, and a change of an earlier one costs them all.
const kept = 4

// LogH is log H after each of the blocks of a rollout (docs/statistics.md, section 2.16) with this history, which h was learnt
// from. It holds until the next call.
func (m *Memo) LogH(counts []Counts, h History, blocks []Block) []float64 {
	if !m.begun || !slices.Equal(m.history, counts) {
		m.begun, m.history = true, slices.Clone(counts)
		m.learnt = *sequential.NewFilter(countsOf(counts), h.LeastClump)
		m.blocks, m.oldest, m.after[0] = nil, 0, m.learnt
	}
	same := m.unchanged(blocks)
	if same < m.oldest {
		same, m.oldest, m.after[0] = 0, 0, m.learnt
	}
	m.blocks, m.logH = append(m.blocks[:same], blocks[same:]...), m.logH[:same]
	for i, b := range blocks[same:] {
		before, next := &m.after[(same+i)%kept], &m.after[(same+i+1)%kept]
		*next = *before
		next.Add(filterBlock(b))
		m.logH = append(m.logH, next.LogH())
	}
	m.oldest = max(m.oldest, len(blocks)-kept+1)
	return m.logH
}

// Environment is what the filter had learnt before the first block of the last LogH.
func (m *Memo) Environment() sequential.Environment { return m.learnt.Environment() }

// unchanged is how many of the first blocks are those of the last look.
func (m *Memo) unchanged(blocks []Block) int {
	n := min(len(m.blocks), len(blocks))
	for i := range n {
		if m.blocks[i] != blocks[i] {
			return i
		}
	}
	return n
}

func countsOf(minutes []Counts) []sequential.Counts {
	counts := make([]sequential.Counts, len(minutes))
	for i, c := range minutes {
		counts[i] = sequential.Counts(c)
	}
	return counts
}

func filterBlock(b Block) sequential.Block {
	return sequential.Block{
		Minute: b.Minute, ExposureBias: b.ExposureBias, Incident: b.Incident,
		New: sequential.Counts(b.New), Old: sequential.Counts(b.Old),
	}
}
