package main

import (
	"fmt"
	"html/template"
	"strings"
)

// svg is a picture of a terminal: its lines, and their colours by the code that the terminal gets for them.
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{.Width}} {{.Height}}" width="{{.Width}}" height="{{.Height}}" role="img" aria-label="{{.Title}}">
<title>{{.Title}}</title>
<style>
.terminal { fill: #ffffff; stroke: #d0d7de } text { font: 13px ui-monospace, Menlo, Consolas, monospace; white-space: pre; fill: #1f2328 }
.c1 { font-weight: bold } .c2 { fill: #57606a } .c31 { fill: #a40e26 } .c32 { fill: #116329 } .c33 { fill: #7d4e00 }
@media (prefers-color-scheme: dark) {
 .terminal { fill: #0d1117; stroke: #30363d } text { fill: #e6edf3 }
 .c2 { fill: #9198a1 } .c31 { fill: #ff9492 } .c32 { fill: #4ae168 } .c33 { fill: #e3b341 }
}
</style>
<rect class="terminal" x="0.5" y="0.5" width="{{.Inner.Width}}" height="{{.Inner.Height}}" rx="6"/>
{{range .Lines}}<text class="c{{.Colour}}" x="14" y="{{.Y}}" xml:space="preserve">{{.Text}}</text>
{{end}}</svg>
`

// drawing is what the template shows.
type drawing struct {
	Title         string
	Width, Height int
	Inner         struct{ Width, Height int }
	Lines         []coloured
}

type coloured struct {
	Colour, Text string
	Y            int
}

const (
	// cell and leading are the width of a character and the height of a line.
	cell, leading = 8, 18
	margin        = 14
)

// paint writes the last picture of a story, and how it ended, as an SVG file.
func paint(to screen, name string) error {
	told, err := filmed(name)
	if err != nil {
		return err
	}
	var b strings.Builder
	s := screen{out: &b, colour: true, width: pictureWidth}
	last := told.frames[len(told.frames)-1]
	last.state.Events = last.state.Events[max(0, len(last.state.Events)-mostEvents):]
	s.draw(last.drawn(s, 100), 0)
	told.ends(s)
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	d := drawing{
		Title: fmt.Sprintf("The screen of a rollout: %s", told.Scenario.About),
		Width: pictureWidth*cell + 2*margin, Height: len(lines)*leading + 2*margin,
	}
	d.Inner.Width, d.Inner.Height = d.Width-1, d.Height-1
	for i, line := range lines {
		if text, colour := uncoloured(line); strings.TrimSpace(text) != "" {
			d.Lines = append(d.Lines, coloured{colour, text, margin + leading*(i+1) - 5})
		}
	}
	parsed, err := template.New("svg").Parse(svg)
	if err != nil {
		return err
	}
	return parsed.Execute(to.out, d)
}

// uncoloured is a line without the sequences of a terminal, and the colour that it begins with.
func uncoloured(line string) (text, colour string) {
	for {
		before, sequence, found := strings.Cut(line, "\x1b[")
		text += before
		if !found {
			return text, colour
		}
		code, rest, _ := strings.Cut(sequence, "m")
		if colour == "" {
			colour = code
		}
		line = rest
	}
}
