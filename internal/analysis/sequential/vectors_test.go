package sequential

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// filterVector is one of the filter's vectors in stats-vectors.json: a history, blocks, and log H after each.
type filterVector struct {
	Name            string             `json:"name"`
	History         [][2]float64       `json:"history"`
	Blocks          [][7]float64       `json:"blocks"`
	D               float64            `json:"d"`
	DLeast          float64            `json:"d_least"`
	MarginalsBefore map[string]float64 `json:"marginals_before"`
	LogH            []float64          `json:"log_h"`
	LogE            []float64          `json:"log_e"`
	LogTotal        []float64          `json:"log_total"`
}

func filterVectors(t testing.TB) []filterVector {
	text, err := os.ReadFile("../testdata/stats-vectors.json")
	require.NoError(t, err)
	var file struct {
		Filter struct {
			Vectors []filterVector `json:"vectors"`
		} `json:"filter_vectors"`
	}
	require.NoError(t, json.Unmarshal(text, &file))
	require.NotEmpty(t, file.Filter.Vectors)
	return file.Filter.Vectors
}

func (v filterVector) history() []Counts {
	var history []Counts
	for _, m := range v.History {
		history = append(history, Counts{m[0], m[1]})
	}
	return history
}

func (v filterVector) blocks() []Block {
	var blocks []Block
	for _, b := range v.Blocks {
		blocks = append(blocks, Block{Minute: int64(b[0]), New: Counts{b[1], b[2]}, Old: Counts{b[3], b[4]}, ExposureBias: b[5], Incident: b[6]})
	}
	return blocks
}

func TestFilterVectors(t *testing.T) {
	for _, v := range filterVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			f := NewFilter(v.history(), v.DLeast)
			v.checkMarginals(t, f)
			for i, b := range v.blocks() {
				f.Add(b)
				near(t, v.LogH[i], f.LogH(), fmt.Sprintf("log H, block %d", i))
			}
		})
	}
}

// checkMarginals compares what the filter believes after the history: a probability for each value of a grid, and the mean
// rate.
func (v filterVector) checkMarginals(t *testing.T, f *Filter) {
	values := map[string]func(model) float64{
		"D":    func(m model) float64 { return f.scatter[m.law].clump },
		"phi":  func(m model) float64 { return f.scatter[m.law].noise },
		"eps":  func(m model) float64 { return m.incident },
		"walk": func(m model) float64 { return m.walk },
	}
	for name, expected := range v.MarginalsBefore {
		grid, text, _ := strings.Cut(name, " ")
		if grid == "rate" {
			near(t, expected, f.Environment().Rate, name)
			continue
		}
		require.Contains(t, values, grid)
		actual := 0.0
		for j, m := range f.models {
			if fmt.Sprintf("%.6g", values[grid](m)) == text {
				actual += math.Exp(f.nullWeight[j])
			}
		}
		near(t, expected, actual, name)
	}
}

// near asserts the specification's tolerance: 1e-9, and 1e-12 of the value above 1e3 (section 6).
func near(t *testing.T, expected, actual float64, what string) {
	t.Helper()
	tolerance := 1e-9
	if math.Abs(expected) > 1e3 {
		tolerance = 1e-12 * math.Abs(expected)
	}
	assert.InDelta(t, expected, actual, tolerance, what)
}

func BenchmarkFilterHistory(b *testing.B) {
	v := filterVectors(b)[0]
	history := v.history()
	for b.Loop() {
		NewFilter(history, 1)
	}
}

func BenchmarkFilterBlock(b *testing.B) {
	v := filterVectors(b)[0]
	f := NewFilter(v.history(), 1)
	block, minute := v.blocks()[5], int64(0)
	for b.Loop() {
		block.Minute = minute
		f.Add(block)
		minute++
	}
}
