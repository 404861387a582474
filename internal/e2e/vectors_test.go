//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// vectors are those of the specification's that a request can bring about, as the file has them.
type vectors struct {
	Vectors []struct {
		Name   string
		Params struct {
			Alpha, Delta, Dispersion, Rho float64
			Grid                          []float64
			Share                         float64
			GuardWeight                   float64  `json:"guard_weight"`
			GuardRef                      *float64 `json:"guard_ref"`
		}
		Minutes []int64
		Blocks  [][4]float64
		LogE    []float64 `json:"log_e_unhealthy"`
		Verdict []string
	}
	History []struct {
		Name       string
		History    [][2]float64
		Dispersion float64
		Ref        *float64 `json:"guard_ref"`
	} `json:"history_vectors"`
	Bake []struct {
		Name       string
		Ref        *float64
		Dispersion float64
		Minutes    []int64
		Blocks     [][4]float64
		LogG       []float64 `json:"log_g"`
	} `json:"bake_vectors"`
}

// table is what CloudWatch shows of a rollout that began at its minute 0.
type table struct {
	minutes []int64
	blocks  [][4]float64
	history [][2]float64
	// alone says that the alias stands at the new version alone since then.
	alone bool
}

// weight is the largest part of the calls that the new version had in a minute.
func (x table) weight() rollout.Weight {
	most := rollout.Weight(1)
	for _, b := range x.blocks {
		if b[0] > 0 && b[2] > 0 {
			most = max(most, rollout.WeightFrom(b[0]/(b[0]+b[2])))
		}
	}
	return most
}

// clean is a history without errors from which the guard takes a reference: 2 (1 + 3.09 + 3) / calls (section 2.7).
func clean(reference *float64) [][2]float64 {
	if reference == nil {
		return nil
	}
	const minutes = 180
	history := make([][2]float64, minutes)
	for i := range history {
		history[i][0] = 2 * 7.09 / *reference / minutes
	}
	return history
}

// judged is what the compiled deployer finds in tables, one alias for each.
type judged struct {
	lab     *lab
	process *runtimetest.Process
	count   int
}

// show begins a rollout on a new alias, of which CloudWatch shows a table.
func (j *judged) show(t *testing.T, x table) (alias string) {
	t.Helper()
	const most = 20 * time.Minute
	j.count++
	alias = fmt.Sprint("table-", j.count)
	start := time.Now().UTC().Truncate(time.Minute).Add(-most)
	live := rollout.Journal{Old: "1", New: "2", Weight: x.weight(), Step: 1, Steps: 2, Start: start, First: start, Since: start, Driver: "somebody", ID: start.Format("20060102-150405") + "000-abcd"}
	if x.alone {
		live.Weight, live.Step = rollout.Full, 2
	}
	text, ok := rollout.Description{Journal: &live}.Encode()
	require.True(t, ok)
	j.lab.touch(func(w *sim.World) {
		require.NoError(t, w.CreateAlias("checkout", alias, target.Alias{Routing: live.Routing(), Description: text}))
		record := func(version string, minute int, calls, errors float64) {
			w.Record("checkout", alias, version, start.Add(time.Duration(minute)*time.Minute), analysis.Counts{Invocations: calls, Errors: errors})
		}
		for i, h := range x.history {
			record("1", i-len(x.history), h[0], h[1])
		}
		for i, b := range x.blocks {
			record("2", int(x.minutes[i]), b[0], b[1])
			record("1", int(x.minutes[i]), b[2], b[3])
		}
	})
	return alias
}

// ask gives a request about the alias to the deployer.
func (j *judged) ask(alias, action, rest string) runtimetest.Result {
	return j.process.Invoke(fmt.Appendf(nil, `{"action": %q, "function-name": "checkout", "alias": %q%s}`, action, alias, rest), timeout)
}

// evidence is what action status says of the errors.
func (j *judged) evidence(t *testing.T, alias, rest string) (verdict string, odds analysis.Odds) {
	t.Helper()
	result := j.ask(alias, "status", rest)
	require.Empty(t, result.ErrorType, result.ErrorMessage)
	var answer struct {
		Steps []struct {
			Checks []struct {
				Name, Verdict string
				Evidence      analysis.Odds
			}
		}
	}
	require.NoError(t, json.Unmarshal(result.Answer, &answer))
	require.Len(t, answer.Steps, 1)
	require.Equal(t, "errors", answer.Steps[0].Checks[0].Name)
	return answer.Steps[0].Checks[0].Verdict, answer.Steps[0].Checks[0].Evidence
}

// TestVectors has the compiled deployer judge the specification's vectors, as minutes that CloudWatch shows: those whose
// constants are the defaults.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../analysis/testdata/stats-vectors.json")
	require.NoError(t, err)
	var all vectors
	require.NoError(t, json.Unmarshal(text, &all))
	l := newLabSince(t, 4*time.Hour)
	j := &judged{lab: l, process: l.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), nil)}

	ran := 0
	for _, v := range all.Vectors {
		defaults := analysis.DefaultParams()
		p := v.Params
		guarded := p.GuardWeight > 0
		if p.Rho != defaults.Rho || p.Delta != 0 || p.Dispersion != 1 || p.Share != defaults.Share || len(p.Grid) != len(defaults.Experts) || guarded != (p.GuardRef != nil) {
			continue
		}
		ran++
		t.Run(v.Name, func(t *testing.T) {
			alias := j.show(t, table{minutes: v.Minutes, blocks: v.Blocks, history: clean(p.GuardRef)})
			rules := fmt.Sprintf(`, "bake": 0, "health-check": {"false-alarm-rate": %g}`, p.Alpha)
			verdict, odds := j.evidence(t, alias, rules)
			assertOdds(t, slices.Max(v.LogE), odds.Against)
			assert.InEpsilon(t, 1/p.Alpha, odds.Needed, 1e-9)
			unhealthy := v.Verdict[len(v.Verdict)-1] == "unhealthy"
			assert.Equal(t, unhealthy, verdict == "fail")
			if unhealthy {
				result := j.ask(alias, "promote", rules)
				assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
				assert.Equal(t, old, l.alias(t, alias).Routing)
			}
		})
	}
	assert.Greater(t, ran, 15, "vectors with default constants")

	for _, v := range all.History {
		t.Run(v.Name, func(t *testing.T) {
			alias := j.show(t, table{minutes: []int64{0}, blocks: [][4]float64{{60, 0, 540, 0}}, history: v.History})
			_, odds := j.evidence(t, alias, "")
			assert.InEpsilon(t, v.Dispersion, odds.Dispersion, 0.006)
			assert.InEpsilon(t, *v.Ref, odds.Reference, 0.006)
		})
	}
	for _, v := range all.Bake {
		if v.Dispersion != 1 || slices.ContainsFunc(v.Blocks, func(b [4]float64) bool { return b[2] > 0 }) {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			alias := j.show(t, table{minutes: v.Minutes, blocks: v.Blocks, history: clean(v.Ref), alone: true})
			_, odds := j.evidence(t, alias, "")
			const weight = 0.2 // of G
			assertOdds(t, math.Log(1-weight+weight*math.Exp(slices.Max(v.LogG))), odds.Against)
		})
	}
}

// assertOdds checks odds that are written with three digits, at least 1 and at most a billion, against a logarithm.
func assertOdds(t *testing.T, log, odds float64) {
	t.Helper()
	assert.InEpsilon(t, math.Exp(min(max(log, 0), math.Log(1e9))), odds, 0.006)
}
