package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
		e       Evidence
		verdict Verdict
		noData  bool
		says    string
	}{
		"a worse version fails":                   {Health{}, Evidence{Reading: beside([2]Counts{bad, old})}, Fail, false, "its rate is at least"},
		"one as good passes":                      {Health{}, Evidence{Reading: beside([2]Counts{good, old})}, Pass, false, "evidence against it 1:1 of 100:1 needed"},
		"one error of a busy function is none":    {Health{}, Evidence{Reading: beside([2]Counts{{5000, 5}, {45000, 45}}), History: steady(50000, 50)}, Pass, false, "5 of 5000"},
		"no data is no pass":                      {Health{}, Evidence{}, Inconclusive, true, "no invocation"},
		"both fail alike: it waits":               {Health{}, Evidence{Reading: beside([2]Counts{bad, oldBad}), History: steady(600, 1)}, Inconclusive, false, "both versions fail"},
		"both always failed alike: that is usual": {Health{}, Evidence{Reading: beside([2]Counts{bad, oldBad}), History: steady(600, 180)}, Pass, false, "18 of 60"},
		"alone and failing":                       {Health{}, Evidence{Reading: Reading{Minutes: []Minute{{Start: start, Alias: Counts{600, 300}}}, Alone: start}, JudgedAlone: true}, Fail, false, "300 of 600"},
		"a stricter rate of false alarms":         {Health{FalseAlarmRate: 1e-12}, Evidence{Reading: beside([2]Counts{{60, 4}, old})}, Pass, false, "1000000000000:1 needed"},
		"errors before their invocations":         {Health{}, Evidence{Reading: beside([2]Counts{{0, 5}, old})}, Pass, false, "5 of 5"},
		"the budget is spent":                     {Health{MaxFailed: 5}, Evidence{Reading: beside([2]Counts{{5000, 31}, {45000, 225}}), History: steady(50000, 250)}, Fail, false, "allowed 5"},
		"the budget counts the excess only":       {Health{MaxFailed: 5}, Evidence{Reading: beside([2]Counts{{5000, 50}, {45000, 450}}), History: steady(50000, 500)}, Pass, false, "50 of 5000"},
		"a budget without a comparison":           {Health{Errors: ErrorsOff, MaxFailed: 2}, Evidence{Reading: beside([2]Counts{bad, old})}, Fail, false, "allowed 2"},
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

func TestTheLedgerRepeatsTheDecision(t *testing.T) {
	a := Assess(Health{}, Evidence{Reading: beside([2]Counts{{60, 0}, {540, 1}}, [2]Counts{{60, 9}, {540, 0}}), History: steady(600, 1)})
	assert.Equal(t, Fail, a.Verdict)
	assert.Contains(t, a.Reason, "by minute, failed/called of the new and of the old version: 09:00 0/60 1/540, 09:01 9/60 0/540; D 1, reference")
}

func TestHistoryBeforeBeginsWithTheFirstCall(t *testing.T) {
	at := start.Add(30 * time.Second)
	minutes := []Minute{
		{Start: start.Add(-200 * time.Minute), Old: Counts{9, 9}},
		{Start: start.Add(-3 * time.Minute), Alias: Counts{5, 1}},
		{Start: start.Add(-time.Minute), Old: Counts{7, 2}, Alias: Counts{7, 2}},
		{Start: start, Old: Counts{8, 8}},
	}
	assert.Equal(t, []Counts{{5, 1}, {}, {7, 2}}, HistoryBefore(at, minutes))
	assert.Empty(t, NewHistory(HistoryBefore(at, nil)))
}
