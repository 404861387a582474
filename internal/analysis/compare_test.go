package analysis

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// steady is a history of three hours at a rate of errors.
func steady(calls, errors float64) []Counts {
	history := make([]Counts, historyMinutes)
	for i := range history {
		history[i] = Counts{Invocations: calls, Errors: errors}
	}
	return history
}

// beside makes minutes in which both versions served.
func beside(pairs ...[2]Counts) Reading {
	var r Reading
	for i, p := range pairs {
		r.Minutes = append(r.Minutes, Minute{Start: start.Add(time.Duration(i) * time.Minute), New: p[0], Old: p[1]})
	}
	return r
}

func TestCompare(t *testing.T) {
	bad, good := Counts{60, 18}, Counts{60, 0}
	old, oldBad := Counts{540, 1}, Counts{540, 170}
	tests := map[string]struct {
		health  Health
		e       Measurements
		verdict Verdict
		noData  bool
		says    string
	}{
		"a worse version fails":                   {Health{}, Measurements{Reading: beside([2]Counts{bad, old}), History: steady(600, 1)}, Fail, false, "its rate is at least"},
		"one as good passes":                      {Health{}, Measurements{Reading: beside([2]Counts{good, old})}, Pass, false, "evidence against it 1:1 of 100:1 needed"},
		"one error of a busy function is none":    {Health{}, Measurements{Reading: beside([2]Counts{{5000, 5}, {45000, 45}}), History: steady(50000, 50)}, Pass, false, "5 of 5000"},
		"no data is no pass":                      {Health{}, Measurements{}, Inconclusive, true, "no invocation"},
		"both fail alike: it waits":               {Health{}, Measurements{Reading: beside([2]Counts{bad, oldBad}), History: steady(600, 1)}, Inconclusive, false, "both versions fail"},
		"both always failed alike: that is usual": {Health{}, Measurements{Reading: beside([2]Counts{bad, oldBad}), History: steady(600, 180)}, Pass, false, "18 of 60"},
		"both always failed mostly: usual too":    {Health{}, Measurements{Reading: beside([2]Counts{{60, 37}, {540, 340}}), History: steady(600, 360)}, Pass, false, "37 of 60"},
		"both fail alike after a short history":   {Health{}, Measurements{Reading: beside([2]Counts{bad, oldBad}), History: steady(100, 0)[:2]}, Inconclusive, false, "both versions fail"},
		"without a history it takes longer":       {Health{}, Measurements{Reading: beside([2]Counts{bad, old}, [2]Counts{bad, old})}, Fail, false, "nothing is known of the old version before the start, which is too little to compare by the minute as well"},
		"alone and failing":                       {Health{}, Measurements{Reading: byItself(2, Counts{600, 300}), History: steady(600, 1)}, Fail, false, "in 2 of 2 minutes there was no version beside it"},
		"alone, as usual":                         {Health{}, Measurements{Reading: byItself(2, Counts{600, 300}), History: steady(600, 290)}, Pass, false, "600 of 1200"},
		"alone, nothing known, most calls fail":   {Health{}, Measurements{Reading: byItself(1, Counts{60, 45})}, Fail, false, "hardly any function fails most of its calls: evidence that this one does 897:1 of 100:1 needed"},
		"alone, nothing known, all calls fail":    {Health{}, Measurements{Reading: byItself(1, Counts{9, 9})}, Fail, false, "9 of 9"},
		"alone, nothing known, several fail":      {Health{}, Measurements{Reading: byItself(1, Counts{4, 4})}, Inconclusive, false, "the new version fails: in the last minutes 4 of 4"},
		"alone after a minute beside it":          {Health{}, Measurements{Reading: afterBeside(Counts{600, 600})}, Fail, false, "600 of 660"},
		"alone, half fail, after that":            {Health{}, Measurements{Reading: afterBeside(Counts{600, 300})}, Pass, false, "300 of 660"},
		"alone, nothing known, half fail":         {Health{}, Measurements{Reading: byItself(9, Counts{600, 300})}, Pass, false, "2700 of 5400"},
		"a stricter rate of false alarms":         {Health{FalseAlarmRate: 1e-12}, Measurements{Reading: beside([2]Counts{{60, 4}, old})}, Pass, false, "1000000000000:1 needed"},
		"errors before their invocations":         {Health{}, Measurements{Reading: beside([2]Counts{{0, 5}, old})}, Pass, false, "5 of 5"},
		"the budget is spent":                     {Health{Errors: ErrorsOff, MaxFailed: 5}, Measurements{Reading: beside([2]Counts{{5000, 52}, {45000, 225}}), History: steady(50000, 250)}, Fail, false, "52 of 5000 invocations failed; allowed are 5 beyond the 25 that the old version's rate explains and the "},
		"the budget knows chance":                 {Health{MaxFailed: 5}, Measurements{Reading: beside([2]Counts{{5000, 45}, {45000, 225}}), History: steady(50000, 250)}, Pass, false, "45 of 5000"},
		"the budget counts the excess only":       {Health{MaxFailed: 5}, Measurements{Reading: beside([2]Counts{{5000, 50}, {45000, 450}}), History: steady(50000, 500)}, Pass, false, "50 of 5000"},
		"a budget without a comparison":           {Health{Errors: ErrorsOff, MaxFailed: 2}, Measurements{Reading: beside([2]Counts{bad, old})}, Fail, false, "allowed are 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.e.StepSince = start
			a := Assess(tt.health, tt.e)
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Equal(t, tt.noData, a.NoData)
			assert.Contains(t, a.Reason, tt.says)
		})
	}
}

// byItself are minutes in which the alias stood at the new version alone.
func byItself(minutes int, c Counts) Reading {
	r := Reading{Alone: start}
	for i := range minutes {
		r.Minutes = append(r.Minutes, Minute{Start: start.Add(time.Duration(i) * time.Minute), Alias: c})
	}
	return r
}

// afterBeside is a minute alone after one in which both versions served.
func afterBeside(c Counts) Reading {
	r := beside([2]Counts{{60, 0}, {540, 0}})
	r.Alone = start.Add(time.Minute)
	r.Minutes = append(r.Minutes, Minute{Start: r.Alone, Alias: c})
	return r
}

// TestTheAuditTrailRepeatsTheDecision starts with nothing but the message of a rollback, and what the log has of the history.
func TestTheAuditTrailRepeatsTheDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pairs [][2]Counts
		calls := rapid.SampledFrom([]float64{60, 6000, 600000}).Draw(t, "calls")
		usual := rapid.SampledFrom([]float64{0, 0.0001, 0.02}).Draw(t, "usual")
		var history []Counts
		for range rapid.SampledFrom([]int{0, 20, 60, 180}).Draw(t, "history") {
			rate := min(1, usual*rapid.SampledFrom([]float64{0, 1, 1, 1, 3, 40}).Draw(t, "past"))
			history = append(history, Counts{calls, math.Round(rate * calls)})
		}
		for i := range rapid.IntRange(1, 15).Draw(t, "minutes") {
			rate := min(1, usual*rapid.SampledFrom([]float64{1, 1, 1, 20}).Draw(t, "incident"))
			weight := min(1, float64(i+1)/10)
			fresh := Counts{Invocations: math.Round(weight * calls)}
			fresh.Errors = math.Round(fresh.Invocations * min(1, rate*rapid.SampledFrom([]float64{1, 3, 50}).Draw(t, "ratio")))
			pairs = append(pairs, [2]Counts{fresh, {calls - fresh.Invocations, math.Round((calls - fresh.Invocations) * rate)}})
		}
		e := Measurements{Reading: beside(pairs...), History: history}
		e.Reading.Share = 1
		a := Assess(Health{}, e)
		if a.Verdict != Fail {
			t.SkipNow()
		}
		test, blocks, claimed := repeated(t, a.Reason, FormatHistory(history))
		if alone := (compared{params: DefaultParams(), learnt: &Learnt{}, blocks: blocks}).unheardOf(); strings.Contains(a.Reason, "hardly any function") {
			assert.NotEmpty(t, alone)
			assert.Contains(t, a.Reason, alone)
			return
		}
		assert.Equal(t, Fail, test.Standing().Verdict, a.Reason)
		assert.InEpsilon(t, claimed, oddsOf(test.Standing().Peak), 0.006, a.Reason)
	})
}

// repeated is the test that a message and a log tell of, what it was fed, and the evidence that the message claims.
func repeated(t *rapid.T, message, log string) (test Test, blocks []Block, claimed float64) {
	number := func(pattern string) float64 {
		found := regexp.MustCompile(pattern).FindStringSubmatch(message)
		if found == nil {
			t.Fatalf("no %s in %s", pattern, message)
		}
		x, err := strconv.ParseFloat(found[1], 64)
		assert.NoError(t, err)
		return x
	}
	p := DefaultParams()
	p.Alpha = number(`alpha (\S+)$`)
	past := history(t, log)
	h := NewHistory(past)
	filter := sequential.NewFilter(countsOf(past), h.LeastClump)
	h = h.Clumped(filter.Environment())
	assert.InEpsilon(t, number(`; D ([^,]+),`), h.dispersion(), 0.006)
	test = NewTest(p, h)
	minutes := regexp.MustCompile(`(\d\d):(\d\d) (\S+)/(\d+) (\S+)/(\d+)(?: tilt ([^ ,;]+))?(?: trouble ([^,;]+))?`).FindAllStringSubmatch(message, -1)
	for _, m := range minutes {
		var x [9]float64
		for i := range x {
			if i > 0 && m[i] != "" {
				value, err := strconv.ParseFloat(m[i], 64)
				assert.NoError(t, err)
				x[i] = value
			}
		}
		b := Block{Minute: int64(60*x[1] + x[2]), New: Counts{x[4], x[3]}, Old: Counts{x[6], x[5]}, ExposureBias: x[7], Incident: x[8]}
		filter.Add(filterBlock(b))
		test.AddFiltered(b, filter.LogH())
		blocks = append(blocks, b)
	}
	return test, blocks, number(`evidence against it (\S+):1`)
}

// history is what a log has.
func history(t *rapid.T, log string) []Counts {
	var minutes []Counts
	for minute := range strings.FieldsSeq(log) {
		var c Counts
		_, err := fmt.Sscanf(minute, "%g/%g", &c.Errors, &c.Invocations)
		assert.NoError(t, err)
		minutes = append(minutes, c)
	}
	return minutes
}

func TestHistoryBeforeBeginsWithTheFirstCall(t *testing.T) {
	at := start.Add(30 * time.Second)
	minutes := []Minute{
		{Start: start.Add(-200 * time.Minute), Old: Counts{9, 9}},
		{Start: start.Add(-3 * time.Minute), Alias: Counts{5, 1}},
		{Start: start.Add(-time.Minute), Old: Counts{7, 2}, Alias: Counts{7, 2}},
		{Start: start, Old: Counts{8, 8}},
	}
	assert.Equal(t, []Counts{{5, 1}, {}, {7, 2}}, HistoryBefore(at, time.Minute, minutes))
	assert.Empty(t, NewHistory(HistoryBefore(at, time.Minute, nil)))
}
