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
	Filter struct {
		Vectors []filterVector
	} `json:"filter_vectors"`
	History []struct {
		Name       string
		History    [][2]float64
		Dispersion float64
		Ref        *float64 `json:"guard_ref"`
	} `json:"history_vectors"`
}

type filterVector struct {
	Name    string
	History [][2]float64
	// Blocks are [minute, n_new, x_new, n_old, x_old, tilt, trouble].
	Blocks   [][7]float64
	D        float64
	LogTotal []float64 `json:"log_total"`
}

// table is what CloudWatch would show of it. It is false where no minutes of a rollout are like that: blocks that grow or are of
// fractions, with a tilt that the deployer would not find or without one that it would.
func (v filterVector) table() (x table, ok bool) {
	x.history = v.History
	var blocks []analysis.Block
	for i, b := range v.Blocks {
		if i > 0 && b[0] == v.Blocks[i-1][0] || b[2] != math.Trunc(b[2]) || b[4] != math.Trunc(b[4]) {
			return x, false
		}
		x.minutes, x.blocks = append(x.minutes, int64(b[0])), append(x.blocks, [4]float64(b[1:5]))
		blocks = append(blocks, analysis.Block{Minute: int64(b[0]), New: analysis.Counts{Invocations: b[1], Errors: b[2]}, Old: analysis.Counts{Invocations: b[3], Errors: b[4]}})
	}
	x.alone = v.Blocks[0][3] == 0
	var past []analysis.Counts
	for _, h := range v.History {
		past = append(past, analysis.Counts{Invocations: h[0], Errors: h[1]})
	}
	weight := x.weight().Share()
	analysis.ExposureBias(blocks, analysis.NewHistory(past), weight, weight)
	analysis.SharedIncident(blocks, analysis.NewHistory(past))
	for i, b := range blocks {
		if max(1, b.ExposureBias) != max(1, v.Blocks[i][5]) || b.Incident != v.Blocks[i][6] {
			return x, false
		}
	}
	return x, true
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
	live := rollout.Journal{Old: "1", New: "2", Weight: x.weight(), Step: 1, Steps: 2, Start: start, First: start, Since: start, Driver: "somebody", ID: rollout.NewID(rollout.Target{Function: "checkout", Alias: alias}, "1", "2", start)}
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
func (j *judged) evidence(t *testing.T, alias, rest string) (verdict string, odds analysis.Evidence) {
	t.Helper()
	result := j.ask(alias, "status", rest)
	require.Empty(t, result.ErrorType, result.ErrorMessage)
	var answer struct {
		Steps []struct {
			Checks []struct {
				Name, Verdict string
				Evidence      analysis.Evidence
			}
		}
	}
	require.NoError(t, json.Unmarshal(result.Answer, &answer))
	require.Len(t, answer.Steps, 1)
	require.Equal(t, "errors", answer.Steps[0].Checks[0].Name)
	return answer.Steps[0].Checks[0].Verdict, answer.Steps[0].Checks[0].Evidence
}

// TestVectors has the compiled deployer judge the specification's vectors, as minutes that CloudWatch shows.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../analysis/testdata/stats-vectors.json")
	require.NoError(t, err)
	var all vectors
	require.NoError(t, json.Unmarshal(text, &all))
	l := newLabSince(t, 4*time.Hour)
	j := &judged{lab: l, process: l.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), nil)}

	const alpha = 0.001
	ran := 0
	for _, v := range all.Filter.Vectors {
		x, ok := v.table()
		if !ok {
			continue
		}
		ran++
		t.Run(v.Name, func(t *testing.T) {
			alias := j.show(t, x)
			rules := fmt.Sprintf(`, "bake": 0, "health-check": {"false-alarm-rate": %g}`, alpha)
			verdict, odds := j.evidence(t, alias, rules)
			assertOdds(t, slices.Max(v.LogTotal), odds.Against)
			assert.InEpsilon(t, 1/alpha, odds.Needed, 1e-9)
			if len(v.History) > 0 {
				assert.InEpsilon(t, v.D, odds.Dispersion, 0.006)
			}
			unhealthy := slices.Max(v.LogTotal) >= -math.Log(alpha)
			assert.Equal(t, unhealthy, verdict == "fail")
			if unhealthy {
				result := j.ask(alias, "promote", rules)
				assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
				assert.Equal(t, old, l.alias(t, alias).Routing)
			}
		})
	}
	assert.GreaterOrEqual(t, ran, 6, "vectors that a rollout can bring about")

	for _, v := range all.History {
		t.Run(v.Name, func(t *testing.T) {
			alias := j.show(t, table{minutes: []int64{0}, blocks: [][4]float64{{60, 0, 540, 0}}, history: v.History})
			_, odds := j.evidence(t, alias, "")
			assert.InEpsilon(t, v.Dispersion, odds.Dispersion, 0.006)
			assert.InEpsilon(t, *v.Ref, odds.Reference, 0.006)
		})
	}
}

// assertOdds checks odds that are written with three digits, at least 1 and at most a billion, against a logarithm.
func assertOdds(t *testing.T, log, odds float64) {
	t.Helper()
	assert.InEpsilon(t, math.Exp(min(max(log, 0), math.Log(1e9))), odds, 0.006)
}
