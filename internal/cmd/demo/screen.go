package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// screen is where the demo is shown: a terminal, with colours unless NO_COLOR is set, or plain text for a pipe or a file.
type screen struct {
	out io.Writer
	// live is a terminal that a person watches: there are pauses, and a last line that changes.
	live, colour bool
	// width is how many characters a line may have; 0 is any.
	width int
	// time is how long a scenario takes where somebody watches.
	time time.Duration
	// ramp are the characters of a bar, from nothing to all.
	ramp []rune
}

// terminal is the screen of a file.
func terminal(f *os.File, watchable time.Duration) screen {
	width, live := columns(f)
	if !live {
		return screen{out: f, ramp: []rune(".:-=+*#")}
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		width = n
	}
	colour := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return screen{out: f, live: true, colour: colour, width: max(width, 72), time: watchable, ramp: []rune("░▁▂▃▄▅▆▇█")}
}

func (s screen) usual(text string) string  { return text }
func (s screen) strong(text string) string { return s.paint("1", text) }
func (s screen) faint(text string) string  { return s.paint("2", text) }
func (s screen) good(text string) string   { return s.paint("32", text) }
func (s screen) bad(text string) string    { return s.paint("31", text) }
func (s screen) unsure(text string) string { return s.paint("33", text) }

// paint colours a text.
func (s screen) paint(code, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// line writes a line, in place of the one that changes.
func (s screen) line(text string) {
	if s.live {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
	fmt.Fprintln(s.out, text)
}

// passing writes a line that the next one replaces. Only somebody who watches gets to see it.
func (s screen) passing(text string) {
	if s.live {
		fmt.Fprint(s.out, "\r\x1b[K"+text)
	}
}

// pause lets somebody who watches look, for a part of the whole.
func (s screen) pause(part, whole time.Duration) {
	if s.live && whole > 0 {
		time.Sleep(time.Duration(float64(s.time) * float64(part) / float64(whole)))
	}
}

// heading begins what there is to show of a scenario.
func (s screen) heading(name string) {
	title := "── " + name + " "
	s.line(s.strong(title + strings.Repeat("─", max(3, s.wide()-len([]rune(title))))))
}

// draw draws lines over those that were drawn before, and says how many there are now.
func (s screen) draw(lines []string, before int) int {
	if s.live && before > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA\r\x1b[J", before)
	}
	for _, line := range lines {
		s.line(line)
	}
	return len(lines)
}

// wide is how wide a line across the screen is.
func (s screen) wide() int {
	if s.width == 0 {
		return 100
	}
	return min(s.width, 120)
}

// bar is a share of traffic, from 0 to 1.
func (s screen) bar(share float64, length int) string {
	full := int(share*float64(length) + 0.5)
	return s.good(strings.Repeat(string(s.ramp[len(s.ramp)-1]), full)) + s.faint(strings.Repeat(string(s.ramp[0]), length-full))
}

// curve is a row of values from 0 to most.
func (s screen) curve(values []float64, most float64) string {
	var b strings.Builder
	for _, v := range values {
		level := 0
		if most > 0 && v > 0 {
			level = max(1, int(v/most*float64(len(s.ramp)-1)+0.5))
		}
		b.WriteRune(s.ramp[level])
	}
	return b.String()
}

// fit shortens a text to what is left of a line behind so many characters.
func (s screen) fit(text string, used int) string {
	runes := []rune(text)
	if room := s.width - used; s.width > 0 && len(runes) > room {
		return string(runes[:max(0, room-1)]) + "…"
	}
	return text
}

// paragraph writes a text with line breaks between words, or within one that is longer than a line.
func (s screen) paragraph(indent, text string, colour func(string) string) {
	for s.width > 0 && len([]rune(indent+text)) > s.width {
		runes := []rune(text)[:s.width-len(indent)]
		end := len(string(runes))
		if space := strings.LastIndexByte(text[:end+1], ' '); space > 0 {
			end = space
		}
		s.line(indent + colour(text[:end]))
		text = strings.TrimLeft(text[end:], " ")
	}
	s.line(indent + colour(text))
}
