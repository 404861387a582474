package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// lesson is a past, and what our default makes of the same minutes after it.
type lesson struct {
	title   string
	history []analysis.Counts
	odds    *analysis.Evidence
}

// lessons are three pasts of one request a second of which 3 % fail: one at a time, in bunches, and in incidents.
func lessons(seed uint64) []lesson {
	random := rand.New(rand.NewPCG(seed, 1))
	calls := func(failed float64) analysis.Counts {
		return analysis.Counts{Invocations: max(failed, poisson(random, 60)), Errors: failed}
	}
	all := []lesson{{title: "one at a time"}, {title: "in bunches of six"}, {title: "in incidents of a minute"}}
	for minute := range historyMinutes {
		struck := 0.0
		if minute%11 == 5 {
			struck = 20
		}
		for i, failed := range []float64{poisson(random, 1.8), 6 * poisson(random, 0.3), struck} {
			all[i].history = append(all[i].history, calls(failed))
		}
	}
	for i := range all {
		all[i].odds = verdictOn(all[i].history)
	}
	return all
}

// theSameMinutes are those that the new version is judged by after each past: failed calls of six of sixty.
func theSameMinutes() []float64 { return []float64{0, 4, 0} }

// verdictOn is the evidence after them.
func verdictOn(history []analysis.Counts) *analysis.Evidence {
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	e := analysis.Measurements{History: history, FirstShift: start, StepSince: start}
	for i, failed := range theSameMinutes() {
		e.Reading.Minutes = append(e.Reading.Minutes, analysis.Minute{
			Start: start.Add(time.Duration(i) * time.Minute), New: analysis.Counts{Invocations: 6, Errors: failed}, Old: analysis.Counts{Invocations: 54},
		})
	}
	return analysis.Assess(analysis.Health{}, e).Checks[0].Evidence
}

// learningPicture shows how much the same minutes tell after different pasts.
func (s study) learningPicture() string {
	const row, top, height = 150, 90, 80
	all := lessons(s.seed)
	p := &picture{width: 860, height: top + row*float64(len(all))}
	p.title("The same three minutes of a new version, after three different pasts")
	p.text(20, 50, startsAt, mutedColor, "60 calls a minute, 3 % of which always failed; then 0, 4 and 0 of the new version's 6 calls a minute fail, and none of the old one's 54")
	x := axis{0, historyMinutes, 80, 600, false}
	for i, l := range all {
		y := axis{0, 24, top + row*float64(i) + height + 20, top + row*float64(i) + 20, false}
		p.text(x.begin, y.end-8, startsAt, inkColor, "The old version fails "+l.title)
		for _, failed := range []float64{0, 10, 20} {
			p.line(x.begin, y.at(failed), x.end, y.at(failed), gridColor, "")
			p.text(x.begin-8, y.at(failed)+4, endsAt, mutedColor, fmt.Sprintf("%.0f", failed))
		}
		for minute, c := range l.history {
			if c.Errors > 0 {
				p.rectangle(x.at(float64(minute)), y.at(c.Errors), 2.5, y.begin-y.at(c.Errors), othersColor)
			}
		}
		p.text(x.begin, y.begin+18, startsAt, mutedColor, "failed calls by the minute, three hours before the start")
		color := mutedColor
		if l.odds.Against >= l.odds.Needed {
			color = alarmColor
		}
		p.styledText(620, y.at(10), startsAt, color, "font-size=\"20\" font-weight=\"600\"", fmt.Sprintf("%.0f:1 of %.0f:1", l.odds.Against, l.odds.Needed))
		p.text(620, y.at(10)+20, startsAt, mutedColor, learntShort(*l.odds.Learnt))
	}
	return p.String()
}

// learntShort is what was learnt, in a few words.
func learntShort(l analysis.Learnt) string {
	return fmt.Sprintf("%s, %.2g at a time, both in 1 of %.0f", percent(l.Usual), l.Together, math.Round(1/l.Incidents))
}
