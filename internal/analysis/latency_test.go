package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// took makes minutes in which both versions served 60 and 540 calls, of which so many of the new and old one were slow by
// the first two thresholds.
func took(slow ...[2]float64) Reading {
	var r Reading
	for i, s := range slow {
		r.Minutes = append(r.Minutes, Minute{
			Start: start.Add(time.Duration(i) * time.Minute), New: Counts{60, 0}, Old: Counts{540, 0},
			NewTook: Durations{60, [MaxThresholds]float64{s[0], s[0] / 10, s[0]}},
			OldTook: Durations{540, [MaxThresholds]float64{s[1], s[1] / 10, s[1]}},
		})
	}
	return r
}

// usual are the thresholds of a version a tenth and a hundredth of whose calls take longer.
func usual() []Threshold {
	return []Threshold{{"p90", 216, steady(600, 60)}, {"p99", 382, steady(600, 6)}}
}

func TestLatency(t *testing.T) {
	compare, limit := LatencyRule{Compare: true}, LatencyRule{MaxMS: 500, Quantile: 0.9}
	good, bad := [2]float64{6, 54}, [2]float64{30, 54}
	four := func(s [2]float64) Reading { return took(s, s, s, s) }
	tests := map[string]struct {
		health  Health
		e       Measurements
		verdict Verdict
		noData  bool
		says    string
	}{
		"slower than the old one fails":           {Health{Latency: compare}, Measurements{Reading: four(bad), Thresholds: usual()}, Fail, false, "latency: 120 of 240 invocations of the new version (50 %) took longer than 216 ms"},
		"as fast passes":                          {Health{Latency: compare}, Measurements{Reading: four(good), Thresholds: usual()}, Pass, false, ""},
		"both slow alike passes":                  {Health{Latency: compare}, Measurements{Reading: took([2]float64{30, 270}, [2]float64{30, 270}), Thresholds: usual()}, Pass, false, ""},
		"the first minute may be cold":            {Health{Latency: compare}, Measurements{Reading: took([2]float64{60, 54}, good, good), Thresholds: usual()}, Pass, false, ""},
		"without a history it is left out":        {Health{Latency: compare}, Measurements{Reading: four(bad)}, Pass, false, ""},
		"left out and nothing else: no data":      {Health{Errors: ErrorsOff, Latency: compare}, Measurements{Reading: four(bad)}, Inconclusive, true, "nothing could have failed"},
		"alone it needs no errors":                {Health{Errors: ErrorsOff, Latency: compare}, Measurements{Reading: four(bad), Thresholds: usual()}, Fail, false, "p99"},
		"beside errors any":                       {Health{Errors: ErrorsAny, Latency: compare}, Measurements{Reading: four(bad), Thresholds: usual()}, Fail, false, "latency"},
		"no durations are no data":                {Health{Latency: compare}, Measurements{Reading: beside([2]Counts{{60, 0}, {540, 0}}), Thresholds: usual()}, Inconclusive, true, "latency: no duration"},
		"at the limit passes":                     {Health{Latency: limit}, Measurements{Reading: took([2]float64{6, 0})}, Pass, false, ""},
		"above the limit fails":                   {Health{Latency: limit}, Measurements{Reading: took([2]float64{6.1, 0})}, Fail, false, "6.1 of 60 invocations of the new version (10.17 %) took longer than 500 ms, of the old version 0 of 540 (0 %), allowed 10 %"},
		"the limit counts the whole window":       {Health{Latency: limit}, Measurements{Reading: took([2]float64{60, 0}, [2]float64{0, 0})}, Fail, false, "60 of 120"},
		"the limit does not look at the old one":  {Health{Latency: limit}, Measurements{Reading: took([2]float64{0, 540})}, Pass, false, ""},
		"a limit and a comparison without a past": {Health{Latency: LatencyRule{Compare: true, MaxMS: 500, Quantile: 0.9}}, Measurements{Reading: four(bad)}, Fail, false, "latency: 120 of 240"},
		"a limit without data":                    {Health{Errors: ErrorsOff, Latency: limit}, Measurements{}, Inconclusive, true, "latency: no duration"},
		"alone: the alias's own series": {Health{Latency: limit}, Measurements{Reading: Reading{Alone: start, Minutes: []Minute{{
			Start: start, Alias: Counts{60, 0}, AliasTook: Durations{60, [MaxThresholds]float64{30}},
		}}}}, Fail, false, "30 of 60"},
		"fewer measured than slow": {Health{Latency: limit}, Measurements{Reading: Reading{Minutes: []Minute{{
			Start: start, New: Counts{60, 0}, NewTook: Durations{60, [MaxThresholds]float64{61}},
		}}}}, Fail, false, "60 of 60"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := Assess(tt.health, tt.e)
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Equal(t, tt.noData, a.NoData)
			assert.Contains(t, a.Reason, tt.says)
		})
	}
}

// all-at-once: nothing is beside the new version, so the old one's time before stands in.
func TestLatencyWithoutAnOldVersionBeside(t *testing.T) {
	alone := func(slow90, slow99 float64) Reading {
		r := Reading{Alone: start}
		for i := range 4 {
			r.Minutes = append(r.Minutes, Minute{
				Start: start.Add(time.Duration(i) * time.Minute), Alias: Counts{600, 0}, AliasTook: Durations{600, [MaxThresholds]float64{slow90, slow99}},
			})
		}
		return r
	}
	h := Health{Latency: LatencyRule{Compare: true}}
	assert.Equal(t, Fail, Assess(h, Measurements{Reading: alone(420, 180), Thresholds: usual(), JudgedAlone: true}).Verdict, "a third is above p99")
	assert.Equal(t, Pass, Assess(h, Measurements{Reading: alone(60, 6), Thresholds: usual(), JudgedAlone: true}).Verdict)
	assert.Equal(t, Pass, Assess(h, Measurements{Reading: alone(120, 20), Thresholds: usual(), JudgedAlone: true}).Verdict, "twice as many may be the hour of the day")

	few := usual()
	few[0].History, few[1].History = few[0].History[:1], few[1].History[:1]
	assert.Equal(t, Pass, Assess(h, Measurements{Reading: alone(600, 600), Thresholds: few, JudgedAlone: true}).Verdict, "too short a history tells nothing")
}

func TestALatencyRollbackCanBeRepeated(t *testing.T) {
	bad := [2]float64{30, 54}
	a := Assess(Health{Latency: LatencyRule{Compare: true}}, Measurements{Reading: took(bad, bad, bad, bad), Thresholds: usual()})
	for _, want := range []string{
		"its p90 before the start", "together, by weight", "1 of 100:1 needed", "errors 0.516:1 at weight 0.7", "p90 ", "at weight 0.15",
		"by minute, slow/called of the new and of the old version: 09:01 30/60 54/540", "D 1, tolerated 1.5 times the old version's share and 0.5 % more, without it reference", "alpha 0.01",
	} {
		assert.Contains(t, a.Reason, want)
	}
	assert.NotContains(t, a.Reason, "09:00", "the first minute is not judged")
	c := a.Checks[1]
	assert.Equal(t, "latency", c.Name)
	assert.Len(t, c.Slow, 2)
	assert.InDelta(t, 667, c.Slow[0].Evidence.Needed, 0)
	assert.InDelta(t, 143, a.Checks[0].Evidence.Needed, 0, "errors have 0.7 of the stake")
}

func TestErrorsFailWithLatencyBesideThem(t *testing.T) {
	r := took([2]float64{6, 54}, [2]float64{6, 54}, [2]float64{6, 54})
	for i := range r.Minutes {
		r.Minutes[i].New.Errors = 12
	}
	a := Assess(Health{Latency: LatencyRule{Compare: true}}, Measurements{Reading: r, Thresholds: usual()})
	assert.Equal(t, Fail, a.Verdict)
	assert.Contains(t, a.Reason, "errors: 36 of 180")
	assert.Equal(t, Pass, a.Checks[1].Verdict, "latency is not to blame")
}

func TestThresholdsAreTheUsualQuantiles(t *testing.T) {
	got, err := Thresholds(nil)
	assert.NoError(t, err)
	assert.Empty(t, got)
	got, err = Thresholds([]Quantiles{{P90: 200, P99: 380.12345}, {P90: 9000, P99: 30000}, {P90: 210, P99: 350}, {P90: 100, P99: 390}})
	assert.NoError(t, err)
	assert.Equal(t, []Threshold{{Name: "p90", MS: 200}, {Name: "p99", MS: 380.123}}, got, "the lower median of each")
}

func TestThresholdsComeFromWholePeriodsBeforeTheStart(t *testing.T) {
	since, until := QuantilesSpan(start.Add(7*time.Minute + 59*time.Second))
	assert.Equal(t, start, until)
	assert.Equal(t, start.Add(-3*time.Hour), since)
	_, until = QuantilesSpan(start.Add(2*time.Minute + 59*time.Second))
	assert.Equal(t, start.Add(-5*time.Minute), until, "the newest minutes still grow")
}

func TestSlowHistoryIsCountedByEachThreshold(t *testing.T) {
	minute := start.Add(-2 * time.Minute)
	known := SlowBefore(start, time.Minute, []Minute{{Start: minute, AliasTook: Durations{100, [MaxThresholds]float64{10, 1}}}}, []Threshold{{Name: "p90"}, {Name: "p99"}})
	assert.Equal(t, []Counts{{100, 10}, {}}, known[0].History)
	assert.Equal(t, []Counts{{100, 1}, {}}, known[1].History)
}

func TestAMinuteOfColdStartsIsLeftOut(t *testing.T) {
	at := func(i int, fresh, old float64) Minute {
		return Minute{Start: start.Add(time.Duration(i) * time.Minute), NewTook: Durations{Samples: fresh}, OldTook: Durations{Samples: old}}
	}
	r := Reading{Minutes: []Minute{at(0, 5, 595), at(1, 60, 540), at(2, 120, 480), at(3, 0, 600), at(4, 130, 470), at(5, 600, 0), at(6, 600, 0)}}
	var judged []int64
	for _, b := range r.slowBlocks(0, History{}) {
		judged = append(judged, b.Minute-start.Unix()/60)
	}
	assert.Equal(t, []int64{2, 4, 6}, judged, "the share has to rise suddenly, by more than three times")
}

// The combined evidence of errors alone is that of the errors' own test.
func TestATrialOfErrorsAloneIsTheirTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blocks := drawBlocks(t, 1e4)
		var r Reading
		past := steady(600, 1)[:rapid.SampledFrom([]int{0, 40}).Draw(t, "history")]
		h := NewHistory(past)
		test, filter := NewTest(DefaultParams(), h), sequential.NewFilter(countsOf(past), h.LeastClump)
		for i, b := range blocks {
			r.Minutes = append(r.Minutes, Minute{Start: start.Add(time.Duration(i) * time.Minute), New: b.New, Old: b.Old})
		}
		_, excused := Measurements{Reading: r, History: past}.called(h)
		for _, b := range excused {
			filter.Add(filterBlock(b))
			test.AddFiltered(b, filter.LogH())
		}
		assert.Equal(t, test.Standing(), Health{}.trial(Measurements{Reading: r, History: past}, true, true).standing)
	})
}
