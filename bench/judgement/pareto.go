package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// dot is a rule in the picture of both axes.
type dot struct {
	point
	name  string
	color string
	// label is where the name begins.
	label point
}

// paretoPicture shows false rollbacks against failed requests: the best are below and to the left.
func (s study) paretoPicture() string {
	p := &picture{width: 860, height: 460}
	p.title("False rollbacks against failed requests")
	p.text(20, 50, startsAt, mutedColor, "worlds that break no assumption; the best rules are below and to the left")
	x := axis{0.0002, 1, 80, 600, true}
	y := axis{0.5, 10, 400, 80, true}
	for _, share := range []float64{0.001, 0.01, 0.1, 1} {
		p.line(x.at(share), y.begin, x.at(share), y.end, gridColor, "")
		p.text(x.at(share), y.begin+18, centered, mutedColor, percent(share))
	}
	for _, times := range []float64{0.5, 1, 2, 5, 10} {
		p.line(x.begin, y.at(times), x.end, y.at(times), gridColor, "")
		p.text(x.begin-8, y.at(times)+4, endsAt, mutedColor, fmt.Sprintf("%g x", times))
	}
	p.line(x.at(0.01), y.begin, x.at(0.01), y.end, alarmColor, "stroke-dasharray=\"4 4\"")
	p.line(x.begin, y.at(1), x.end, y.at(1), othersColor, "stroke-dasharray=\"4 4\"")
	p.text(x.at(0.01)+6, y.end+12, startsAt, alarmColor, "what we promise: 1 %")
	p.text(x.begin+6, y.at(1)-6, startsAt, mutedColor, "oracle")
	p.text((x.begin+x.end)/2, y.begin+40, centered, inkColor, "harmless rollouts rolled back")
	p.styledText(0, 0, centered, inkColor, fmt.Sprintf("transform=\"translate(24 %.0f) rotate(-90)\"", (y.begin+y.end)/2), "failed requests, times the oracle's")
	for _, d := range s.dots(x, y) {
		p.line(d.x, d.y, d.label.x-4, d.label.y-4, gridColor, "")
		p.text(d.label.x, d.label.y, startsAt, d.color, d.name)
		p.circle(d.x, d.y, 6, d.color)
	}
	return p.String()
}

// dots are the rules, from below, with labels that do not overlap: in the middle for those
// on the left, beside the picture for the others.
func (s study) dots(x, y axis) []dot {
	var left, right []dot
	for k, r := range s.rules {
		if r.role == yardstick {
			continue
		}
		f := figuresOf(where(s.cells, sound), k)
		d := dot{point: point{x.at(f.falsely.rate()), y.at(f.failed.byWorld().mean())}, name: r.name, color: r.color()}
		if d.x < (x.begin+x.end)/2 {
			d.label = point{x.at(0.012), d.y + 4}
			left = append(left, d)
		} else {
			d.label = point{x.end + 18, d.y + 4}
			right = append(right, d)
		}
	}
	return slices.Concat(spread(left), spread(right))
}

// spread sorts dots from below and moves their labels apart.
func spread(dots []dot) []dot {
	const apart = 18
	slices.SortFunc(dots, func(a, b dot) int { return cmp.Compare(b.y, a.y) })
	for i := 1; i < len(dots); i++ {
		dots[i].label.y = min(dots[i].label.y, dots[i-1].label.y-apart)
	}
	return dots
}

func (r rule) color() string {
	switch {
	case strings.HasPrefix(r.name, "compare"):
		return oursColor
	case r.role == yardstick:
		return inkColor
	default:
		return mutedColor
	}
}

// secondsPicture shows how long each rule takes to go back from a version that fails at least half of all requests.
func (s study) secondsPicture() string {
	const top, row = 70, 26
	p := &picture{width: 860, height: top + row*float64(len(s.rules)) + 40}
	p.title("Seconds to the rollback of a version that fails at least half of all requests")
	p.text(20, 50, startsAt, mutedColor, "mean of those rolled back, and how many were; nothing can be seen in the first 60 s")
	x := axis{0, 360, 230, 760, false}
	bottom := p.height - 40
	for seconds := 0.0; seconds <= x.to; seconds += 60 {
		p.line(x.at(seconds), top-8, x.at(seconds), bottom, gridColor, "")
		p.text(x.at(seconds), bottom+18, centered, mutedColor, fmt.Sprintf("%.0f s", seconds))
	}
	for k, r := range s.rules {
		f := figuresOf(where(s.cells, sound), k)
		y := top + row*float64(k)
		p.text(x.begin-10, y+13, endsAt, r.color(), r.name)
		p.rectangle(x.begin, y, x.at(f.seconds)-x.begin, 18, r.color())
		p.text(x.at(f.seconds)+6, y+13, startsAt, inkColor, fmt.Sprintf("%.0f s, %s", f.seconds, percent(f.caught[">=50 %"].rate())))
	}
	p.line(x.at(60), top-8, x.at(60), bottom, alarmColor, "stroke-dasharray=\"4 4\"")
	return p.String()
}
