package analysis

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testVector is one of the vectors of stats-vectors.json: blocks, and where the test stands after each.
type testVector struct {
	Name             string       `json:"name"`
	Params           vectorParams `json:"params"`
	Minutes          []int64      `json:"minutes"`
	Blocks           [][4]float64 `json:"blocks"`
	LogEConcurrent   []float64    `json:"log_e_concurrent"`
	LogEGuard        []float64    `json:"log_e_guard"`
	LogEUnhealthy    []float64    `json:"log_e_unhealthy"`
	LogEHealthy      []float64    `json:"log_e_healthy"`
	ExpectedVerdicts []string     `json:"verdict"`
}

type vectorParams struct {
	Alpha        float64   `json:"alpha"`
	Beta         float64   `json:"beta"`
	Rho          float64   `json:"rho"`
	Delta        float64   `json:"delta"`
	Dispersion   float64   `json:"dispersion"`
	Grid         []float64 `json:"grid"`
	Prior        []float64 `json:"prior"`
	Share        float64   `json:"share"`
	HealthyRho   float64   `json:"healthy_rho"`
	HealthyDelta float64   `json:"healthy_delta"`
	HealthyGrid  []float64 `json:"healthy_grid"`
	HealthyPrior []float64 `json:"healthy_prior"`
	GuardWeight  float64   `json:"guard_weight"`
	GuardRef     *float64  `json:"guard_ref"`
	GuardFollow  float64   `json:"guard_follow"`
	GuardGrid    []float64 `json:"guard_grid"`
	GuardPrior   []float64 `json:"guard_prior"`
}

type historyVector struct {
	Name       string       `json:"name"`
	History    [][2]float64 `json:"history"`
	Dispersion float64      `json:"dispersion"`
	GuardRef   *float64     `json:"guard_ref"`
}

type boundVector struct {
	Name        string       `json:"name"`
	Blocks      [][4]float64 `json:"blocks"`
	Alpha       float64      `json:"alpha"`
	Beta        float64      `json:"beta"`
	RatioLower  *float64     `json:"ratio_lower"`
	RatioUpper  *float64     `json:"ratio_upper"`
	ExcessLower *float64     `json:"excess_lower"`
	ExcessUpper *float64     `json:"excess_upper"`
}

type bakeVector struct {
	Name       string       `json:"name"`
	Ref        *float64     `json:"ref"`
	Dispersion float64      `json:"dispersion"`
	Delta      float64      `json:"delta"`
	Minutes    []int64      `json:"minutes"`
	Blocks     [][4]float64 `json:"blocks"`
	LogG       []float64    `json:"log_g"`
}

// filterVector is one of the filter's, of which package sequential checks the rest.
type filterVector struct {
	Name      string          `json:"name"`
	History   [][2]float64    `json:"history"`
	Blocks    [][7]float64    `json:"blocks"`
	D         float64         `json:"d"`
	DLeast    float64         `json:"d_least"`
	LogH      []float64       `json:"log_h"`
	LogE      []float64       `json:"log_e"`
	LogTotal  []float64       `json:"log_total"`
	Marginals json.RawMessage `json:"marginals_before"`
}

// TestVectors runs everything that the specification's file holds. A section, or a field of one, that it does not know
// is an error: nothing in the file goes untested.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/stats-vectors.json")
	require.NoError(t, err)
	var sections map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &sections))
	ran := 0
	for name, section := range sections {
		switch name {
		case "about", "threshold":
		case "filter_vectors":
			var filter struct {
				Vectors json.RawMessage `json:"vectors"`
			}
			require.NoError(t, json.Unmarshal(section, &filter))
			ran += runVectors(t, filter.Vectors, checkFilter)
		case "vectors":
			ran += runVectors(t, section, checkTest)
		case "history_vectors":
			ran += runVectors(t, section, checkHistory)
		case "bound_vectors":
			ran += runVectors(t, section, checkBounds)
		case "bake_vectors":
			ran += runVectors(t, section, checkBake)
		default:
			t.Errorf("unknown section %q", name)
		}
	}
	assert.Positive(t, ran, "vectors run")
}

// runVectors checks each vector of a section and counts them.
func runVectors[V interface{ name() string }](t *testing.T, section json.RawMessage, check func(*testing.T, V)) int {
	decoder := json.NewDecoder(bytes.NewReader(section))
	decoder.DisallowUnknownFields()
	var vectors []V
	require.NoError(t, decoder.Decode(&vectors))
	assert.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.name(), func(t *testing.T) { check(t, v) })
	}
	return len(vectors)
}

func (v testVector) name() string    { return v.Name }
func (v historyVector) name() string { return v.Name }
func (v boundVector) name() string   { return v.Name }
func (v bakeVector) name() string    { return v.Name }
func (v filterVector) name() string  { return v.Name }

func checkTest(t *testing.T, v testVector) {
	require.NotEmpty(t, v.Blocks)
	verdicts := map[string]Verdict{"unhealthy": Fail, "healthy": Pass, "inconclusive": Inconclusive}
	test := NewTest(v.Params.params(), History{Dispersion: v.Params.Dispersion, Reference: orZero(v.Params.GuardRef)})
	peak := 0.0
	for i, b := range blocksOf(v.Minutes, v.Blocks) {
		test.Add(b)
		s := test.Standing()
		near(t, v.LogEConcurrent[i], test.Comparison(), "log E of the comparison, block %d", i)
		if v.LogEGuard != nil {
			near(t, v.LogEGuard[i], test.Guard(), "log G, block %d", i)
		}
		near(t, v.LogEUnhealthy[i], s.Unhealthy, "log E_total, block %d", i)
		near(t, v.LogEHealthy[i], s.Healthy, "log E_H, block %d", i)
		require.Contains(t, verdicts, v.ExpectedVerdicts[i])
		assert.Equal(t, verdicts[v.ExpectedVerdicts[i]], s.Verdict, "block %d", i)
		peak = max(peak, v.LogEUnhealthy[i])
		near(t, peak, s.Peak, "peak, block %d", i)
	}
}

func (p vectorParams) params() Params {
	return Params{
		Alpha: p.Alpha, Beta: p.Beta,
		Rho: p.Rho, Delta: p.Delta, Experts: expertsOf(p.Grid, p.Prior), Share: p.Share,
		HealthyRho: p.HealthyRho, HealthyDelta: p.HealthyDelta, HealthyExperts: expertsOf(p.HealthyGrid, p.HealthyPrior),
		GuardWeight: p.GuardWeight, GuardFollow: p.GuardFollow, GuardExperts: expertsOf(p.GuardGrid, p.GuardPrior),
	}
}

func checkHistory(t *testing.T, v historyVector) {
	require.NotEmpty(t, v.History)
	h := NewHistory(countsFrom(v.History))
	near(t, v.Dispersion, h.Dispersion, "D")
	near(t, orZero(v.GuardRef), h.Reference, "ref")
}

func checkBounds(t *testing.T, v boundVector) {
	require.NotEmpty(t, v.Blocks)
	p := guarded()
	p.Alpha, p.Beta = v.Alpha, v.Beta
	minutes := make([]int64, len(v.Blocks))
	for i := range minutes {
		minutes[i] = int64(i)
	}
	b := NewBounds(p, History{}, blocksOf(minutes, v.Blocks))
	nearBound(t, v.RatioLower, b.RatioLower, 0, "lower ratio")
	nearBound(t, v.RatioUpper, b.RatioUpper, math.Inf(1), "upper ratio")
	nearBound(t, v.ExcessLower, b.ExcessLower, 0, "lower excess")
	nearBound(t, v.ExcessUpper, b.ExcessUpper, 1, "upper excess")
}

func checkBake(t *testing.T, v bakeVector) {
	require.NotEmpty(t, v.Blocks)
	p := guarded()
	p.Delta, p.JudgedAlone = v.Delta, true
	test := NewTest(p, History{Dispersion: v.Dispersion, Reference: orZero(v.Ref)})
	for i, b := range blocksOf(v.Minutes, v.Blocks) {
		test.Add(b)
		near(t, v.LogG[i], test.Guard(), "log G, block %d", i)
	}
}

func checkFilter(t *testing.T, v filterVector) {
	require.NotEmpty(t, v.Blocks)
	h := NewHistory(countsFrom(v.History))
	near(t, v.D, h.dispersion(), "D")
	near(t, v.DLeast, max(1, h.LeastClump), "D_0")
	test := NewTest(DefaultParams(), h)
	var blocks []Block
	for i, b := range v.Blocks {
		blocks = append(blocks, Block{Minute: int64(b[0]), New: Counts{b[1], b[2]}, Old: Counts{b[3], b[4]}, ExposureBias: b[5], Incident: b[6]})
		logH := new(Memo).LogH(countsFrom(v.History), h, blocks)
		test.AddFiltered(blocks[i], logH[i])
		near(t, v.LogE[i], test.Comparison(), "log E, block %d", i)
		near(t, v.LogTotal[i], test.Standing().Unhealthy, "log E_total, block %d", i)
	}
}

// near asserts the specification's tolerance: 1e-9, and 1e-12 of the value above 1e3 (section 6).
func near(t *testing.T, expected, actual float64, format string, args ...any) {
	t.Helper()
	tolerance := 1e-9
	if math.Abs(expected) > 1e3 {
		tolerance = 1e-12 * math.Abs(expected)
	}
	assert.InDelta(t, expected, actual, tolerance, append([]any{format}, args...)...)
}

// nearBound asserts the tolerance of bounds, 1e-6 of the value; a missing bound is none.
func nearBound(t *testing.T, expected *float64, actual, none float64, name string) {
	t.Helper()
	if expected == nil {
		assert.Equal(t, none, actual, name)
		return
	}
	assert.InDelta(t, *expected, actual, 1e-6*max(*expected, 1e-6), name)
}

func blocksOf(minutes []int64, rows [][4]float64) []Block {
	var blocks []Block
	for i, row := range rows {
		blocks = append(blocks, Block{
			Minute: minutes[i],
			New:    Counts{Invocations: row[0], Errors: row[1]},
			Old:    Counts{Invocations: row[2], Errors: row[3]},
		})
	}
	return blocks
}

func countsFrom(rows [][2]float64) []Counts {
	var counts []Counts
	for _, row := range rows {
		counts = append(counts, Counts{Invocations: row[0], Errors: row[1]})
	}
	return counts
}

func expertsOf(grid, prior []float64) []Expert {
	var experts []Expert
	for k, ratio := range grid {
		experts = append(experts, Expert{Ratio: ratio, Prior: prior[k]})
	}
	return experts
}

func orZero(value *float64) float64 {
	if value == nil {
		return 0
	}
	return *value
}
