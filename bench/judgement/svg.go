package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The colours of all pictures.
const (
	inkColor    = "#1f2328"
	mutedColor  = "#656d76"
	gridColor   = "#e6e9ed"
	oursColor   = "#0969da"
	othersColor = "#8c959f"
	alarmColor  = "#cf222e"
)

// picture is an SVG file in the making, with a white ground so that it can be read on any.
type picture struct {
	width, height float64
	body          strings.Builder
}

func (p *picture) printf(format string, values ...any) { fmt.Fprintf(&p.body, format, values...) }

func (p *picture) line(x1, y1, x2, y2 float64, color, extra string) {
	p.printf("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" %s/>\n", x1, y1, x2, y2, color, extra)
}

func (p *picture) rectangle(x, y, width, height float64, color string) {
	p.printf("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\" fill=\"%s\"/>\n", x, y, width, height, color)
}

func (p *picture) circle(x, y, radius float64, color string) {
	p.printf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\" stroke=\"#fff\"/>\n", x, y, radius, color)
}

// polyline connects points.
func (p *picture) polyline(points []point, color string, width float64) {
	var at []string
	for _, q := range points {
		at = append(at, fmt.Sprintf("%.1f,%.1f", q.x, q.y))
	}
	p.printf("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-linejoin=\"round\"/>\n", strings.Join(at, " "), color, width)
}

// The places of a text relative to its point.
const (
	startsAt = "start"
	centered = "middle"
	endsAt   = "end"
)

func (p *picture) text(x, y float64, place, color, text string) {
	p.styledText(x, y, place, color, "", text)
}

func (p *picture) title(text string) {
	p.styledText(20, 30, startsAt, inkColor, "font-size=\"16\" font-weight=\"600\"", text)
}

func (p *picture) styledText(x, y float64, place, color, style, text string) {
	p.printf("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\" %s>%s</text>\n", x, y, place, color, style, html.EscapeString(text))
}

func (p *picture) String() string {
	const font = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" font-family=\"%s\" font-size=\"12\">\n"+
		"<rect x=\"0.5\" y=\"0.5\" width=\"%.0f\" height=\"%.0f\" rx=\"8\" fill=\"#fff\" stroke=\"#d0d7de\"/>\n%s</svg>\n",
		p.width, p.height, p.width, p.height, font, p.width-1, p.height-1, p.body.String())
}

// point is a place in a picture.
type point struct{ x, y float64 }

// axis maps values to places in a picture, by their logarithms if logarithmic. Values outside are put at its ends.
type axis struct {
	from, to    float64
	begin, end  float64
	logarithmic bool
}

func (a axis) at(value float64) float64 {
	from, to := a.from, a.to
	value = min(max(value, from), to)
	if a.logarithmic {
		from, to, value = math.Log(from), math.Log(to), math.Log(value)
	}
	return a.begin + (a.end-a.begin)*(value-from)/(to-from)
}
