package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// chart is the new version's share of the traffic over time, in the units of the page's picture.
type chart struct {
	// Points are the corners of the line.
	Points string
	// Begin and End are the times at both ends.
	Begin, End string
	// Words say the same for who cannot see it.
	Words string
}

// The area of the picture that the line has.
const (
	left, right = 50.0, 690.0
	top, bottom = 20.0, 160.0
)

// chartOf is the chart of an answer's steps; nil where there is nothing to draw, or no time has passed.
func chartOf(a answer.Answer) *chart {
	if len(a.Steps) == 0 {
		return nil
	}
	begin, end := a.Steps[0].From, a.Steps[0].From
	for _, s := range a.Steps {
		if end = later(end, s.From); s.Until != nil {
			end = later(end, *s.Until)
		}
	}
	if a.EndedAt != nil {
		end = later(end, *a.EndedAt)
	}
	if !end.After(begin) {
		return nil
	}
	at := func(t time.Time) float64 {
		return left + (right-left)*float64(t.Sub(begin))/float64(end.Sub(begin))
	}
	high := func(w rollout.Weight) float64 { return bottom - (bottom-top)*w.Share() }
	points := []string{fmt.Sprintf("%.1f,%.1f", left, bottom)}
	var words []string
	for i, s := range a.Steps {
		until := end
		if i+1 < len(a.Steps) {
			until = a.Steps[i+1].From
		} else if s.Until != nil {
			until = *s.Until
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", at(s.From), high(s.Weight)), fmt.Sprintf("%.1f,%.1f", at(until), high(s.Weight)))
		words = append(words, fmt.Sprintf("%s %% from %s", s.Weight, s.From.UTC().Format(time.TimeOnly)))
	}
	if a.Status == "rolled-back" {
		points = append(points, fmt.Sprintf("%.1f,%.1f", at(end), bottom))
		words = append(words, "0 % at the end")
	}
	return &chart{
		Points: strings.Join(points, " "), Begin: begin.UTC().Format(time.TimeOnly), End: end.UTC().Format(time.TimeOnly),
		Words: "the new version's share of the calls: " + strings.Join(words, ", "),
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
