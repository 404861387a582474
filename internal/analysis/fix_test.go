package analysis

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// broken is three hours of one failure in a thousand calls, and then so many minutes in which a share of all calls fails.
func broken(calls, share float64, minutes int) []Counts {
	history := steady(calls, calls/1000)
	for i := range minutes {
		history[len(history)-1-i].Errors = calls * share
	}
	return history
}

// same repeats a minute of both versions.
func same(minutes int, fresh, old Counts) [][2]Counts {
	return slices.Repeat([][2]Counts{{fresh, old}}, minutes)
}

func TestAFixGoesThrough(t *testing.T) {
	fifth := Counts{480, 96} // of the old version, a minute
	tests := map[string]struct {
		minutes [][2]Counts
		verdict Verdict
		says    string
	}{
		"the new version never fails":                 {same(3, Counts{120, 0}, fifth), Pass, "the old version fails: in the last minutes 288 of 1440 invocations of the old version (20 %, usually below 2.63 %) and 0 of 360 of the new one, which is taken for a fix"},
		"0 of 14 at 20 % are no luck":                 {same(1, Counts{14, 0}, fifth), Pass, "0 of 14 of the new one, which is taken for a fix"},
		"0 of 13 at 20 % may be":                      {same(1, Counts{13, 0}, fifth), Inconclusive, "0 of 13 of the new one, too few calls to tell a fix from luck; it waits"},
		"1 of 22 at 20 % is no luck":                  {same(1, Counts{22, 1}, fifth), Pass, "a fix"},
		"1 of 21 at 20 % may be":                      {same(1, Counts{21, 1}, fifth), Inconclusive, "too few"},
		"0 of 1 at 100 % is none":                     {same(1, Counts{1, 0}, Counts{99, 99}), Pass, "0 of 1 of the new one, which is taken for a fix"},
		"0 of 1 where two calls of two failed":        {same(1, Counts{1, 0}, Counts{2, 2}), Pass, "a fix"},
		"half as often is a fix":                      {same(3, Counts{120, 12}, fifth), Pass, "a fix"},
		"more than half as often is in between":       {same(3, Counts{120, 13}, fifth), Inconclusive, "both versions fail"},
		"both alike wait":                             {same(3, Counts{120, 24}, fifth), Inconclusive, "both versions fail"},
		"both fail completely":                        {same(3, Counts{120, 120}, Counts{480, 480}), Inconclusive, "both versions fail"},
		"the last three minutes decide, not the rest": {append(same(9, Counts{120, 24}, fifth), same(3, Counts{120, 0}, fifth)...), Pass, "a fix"},
		"nor a better time before":                    {append(same(9, Counts{120, 0}, fifth), same(3, Counts{120, 24}, fifth)...), Inconclusive, "both versions fail"},
		"few calls are told by more minutes":          {same(5, Counts{3, 0}, fifth), Pass, "480 of 2400 invocations of the old version (20 %, usually below 2.63 %) and 0 of 15 of"},
		"too few of them wait":                        {same(4, Counts{3, 0}, fifth), Inconclusive, "0 of 12 of the new one, too few"},
		"few calls that fail alike wait":              {same(12, Counts{3, 1}, fifth), Inconclusive, ""},
		"a minute without calls of the new version":   {append(same(1, Counts{14, 0}, fifth), same(2, Counts{}, fifth)...), Pass, "a fix"},
		"minutes before the incident prove nothing":   {append(same(60, Counts{3, 0}, Counts{480, 0}), same(1, Counts{3, 0}, fifth)...), Inconclusive, "too few"},
		"nor do busier minutes before it":             {append(same(9, Counts{120, 0}, Counts{480, 0}), same(3, Counts{1, 0}, Counts{20, 4})...), Inconclusive, "12 of 60 invocations of the old version (20 %, usually below 2.63 %) and 0 of 3 of the new one, too few"},
		"nor do rare calls before it":                 {append(same(60, Counts{1, 0}, Counts{4, 0}), same(3, Counts{1, 0}, Counts{4, 1})...), Inconclusive, "3 of 112 invocations of the old version (2.68 %"},
		"no call while all of them fail":              {append(same(1, Counts{9, 0}, Counts{480, 0}), same(3, Counts{}, Counts{480, 480})...), Inconclusive, "0 of 0 of the new one, too few"},
		"what has passed is no incident":              {append(same(2, Counts{120, 24}, fifth), same(3, Counts{120, 0}, Counts{480, 0})...), Pass, "evidence against it"},
		"not even without a call of the new version":  {append(same(2, Counts{120, 24}, fifth), same(3, Counts{}, Counts{480, 0})...), Pass, "evidence against it"},
		"a new version without calls is no data":      {same(3, Counts{}, fifth), Inconclusive, "no invocation"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := Measurements{Reading: beside(tt.minutes...), History: broken(600, 0.2, 10), StepSince: start, FirstShift: start}
			a := Assess(Health{}, e)
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Contains(t, a.Checks[0].Reason, tt.says)
			assert.Equal(t, a.Verdict == Inconclusive && a.Checks[0].New.Invocations == 0, a.NoData, "it is waited out, whatever on-no-data says")
		})
	}
}

// Whatever rate the old version fails at, a new one that never fails goes through, at every weight and traffic at which a
// few minutes can tell; and one that fails alike never does.
func TestAFixGoesThroughAtEveryRate(t *testing.T) {
	for _, share := range []float64{0.05, 0.2, 0.5, 0.9, 1} {
		for _, weight := range []float64{0.01, 0.1, 0.5, 0.9} {
			for _, calls := range []float64{60, 600, 60000} {
				name := fmt.Sprintf("%g of %g calls a minute fail, weight %g", share, calls, weight)
				fresh, old := calls*weight, calls*(1-weight)
				e := Measurements{History: broken(calls, share, 10), FirstShift: start, StepSince: start, JudgedAlone: true}
				e.Reading = beside(same(20, Counts{fresh, 0}, Counts{old, old * share})...)
				if 20*fresh*share > 4 {
					assert.Equal(t, Pass, Assess(Health{}, e).Verdict, name)
				}
				e.Reading = beside(same(20, Counts{fresh, fresh * share}, Counts{old, old * share})...)
				if 3*old*share > 2 {
					assert.Equal(t, Inconclusive, Assess(Health{}, e).Verdict, name)
				}
			}
		}
	}
}

// A new version that is alone when an incident ends goes on at once, however much failed before.
func TestAnIncidentThatIsOverInTheBake(t *testing.T) {
	e := Measurements{History: steady(600, 1), JudgedAlone: true, FirstShift: start, StepSince: start, Reading: beside([2]Counts{{600, 300}, {600, 300}})}
	e.Reading.Alone = start.Add(time.Minute)
	e.Reading.Minutes = append(e.Reading.Minutes, Minute{Start: start.Add(time.Minute), Alias: Counts{60, 0}})
	assert.Equal(t, Pass, Assess(Health{}, e).Verdict)
	e.Reading.Minutes[1].Alias.Errors = 30
	assert.Equal(t, Inconclusive, Assess(Health{}, e).Verdict)
}

// In the bake what the old version failed last still counts for three minutes.
func TestAFixInTheBake(t *testing.T) {
	e := Measurements{History: steady(600, 1), JudgedAlone: true, FirstShift: start, StepSince: start, Reading: beside([2]Counts{{300, 30}, {300, 100}})}
	e.Reading.Alone = start.Add(time.Minute)
	for i := 1; i <= incidentMinutes+1; i++ {
		m := Minute{Start: start.Add(time.Duration(i) * time.Minute), Alias: Counts{600, 60}}
		e.Reading.Minutes = append(e.Reading.Minutes, m)
		a := Assess(Health{}, e)
		want := Pass
		if i > incidentMinutes {
			want = Fail
		}
		assert.Equal(t, want, a.Verdict, "a third failed before, a tenth in minute %d: %s", i, a.Reason)
	}
}

// An old version that fails at once is fast. A fix takes as long as the old version took before it broke.
func TestAFixIsNotComparedWithFailuresInSpeed(t *testing.T) {
	h := Health{Latency: LatencyRule{Compare: true}}
	tests := map[string]struct {
		history []Counts
		share   float64
		verdict Verdict
		says    string
	}{
		"broken ten minutes ago":       {broken(600, 1, 10), 1, Pass, "6 minutes are left out in which the old version failed"},
		"half broken":                  {broken(600, 0.5, 10), 0.5, Pass, "6 minutes are left out"},
		"broken for hours":             {steady(600, 600), 1, Pass, "the comparison is left out: most calls of the old version failed before the start"},
		"a healthy old version":        {steady(600, 1), 0, Fail, "took longer than 216 ms"},
		"one that always fails a bit":  {steady(600, 180), 0.3, Fail, "took longer than 216 ms"},
		"one that fails a little more": {steady(600, 1), 0.1, Fail, "took longer than 216 ms"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := Measurements{History: tt.history, Thresholds: usual(), FirstShift: start, StepSince: start}
			for i := range 6 {
				e.Reading.Minutes = append(e.Reading.Minutes, Minute{
					Start: start.Add(time.Duration(i) * time.Minute), New: Counts{60, 0}, Old: Counts{540, 540 * tt.share},
					NewTook: Durations{60, [MaxThresholds]float64{30, 6}}, OldTook: Durations{540, [MaxThresholds]float64{}},
				})
			}
			a := Assess(h, e)
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Contains(t, a.Checks[1].Reason, tt.says)
		})
	}
}

func TestWhetherTheOldVersionFailsBeforeAStart(t *testing.T) {
	shown := func(history []Counts, hidden int) []Counts {
		for i := range hidden {
			history[len(history)-1-i] = Counts{}
		}
		return history
	}
	tests := map[string]struct {
		history []Counts
		says    string
	}{
		"since ten minutes":                       {broken(600, 0.2, 10), "360 of 1800 invocations failed in its last minutes (20 %, usually below"},
		"as far as CloudWatch shows it":           {shown(broken(600, 0.2, 10), 2), "360 of 1800"},
		"all of them":                             {broken(600, 1, 10), "1800 of 1800"},
		"for hours, all of them":                  {steady(600, 600), "1800 of 1800 invocations failed in its last minutes (100 %)"},
		"it never did":                            {steady(600, 0), ""},
		"as usual":                                {steady(600, 1), ""},
		"as usual, and often":                     {steady(600, 120), ""},
		"no more":                                 {append(broken(600, 0.2, 10), steady(600, 1)[:3]...), ""},
		"it has no history":                       {nil, ""},
		"it was not called":                       {make([]Counts, 180), ""},
		"it was called twice, and failed":         {[]Counts{{2, 2}}, "2 of 2"},
		"a single failure":                        {[]Counts{{1, 1}}, ""},
		"its last calls are longer than that ago": {shown(broken(600, 0.2, 30), 20), "360 of 1800"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			says := Failing(tt.history)
			if tt.says == "" {
				assert.Empty(t, says)
			}
			assert.Contains(t, says, tt.says)
		})
	}
}
