// Package printable makes texts that others wrote fit to be shown, stored and logged: AWS's messages, what a function
// answered, the names in a request.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Text is a text on one line, of at most so many characters. Only what Unicode calls graphic is left of it: control
// characters, those that change the direction of writing, and invisible ones are gone, and white space of any kind and
// length is one space. What is too long is cut at a word, or within one that is longer than half of the room, and ends
// with "…".
func Text(text string, most int) string {
	if most < 1 {
		return ""
	}
	var kept []rune
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = len(kept) > 0
			continue
		case !unicode.IsGraphic(r):
			continue
		case space:
			kept, space = append(kept, ' '), false
		}
		if kept = append(kept, r); len(kept) > most {
			return cut(kept, most)
		}
	}
	return string(kept)
}

// Escape writes every character that Unicode does not call graphic as JSON writes it, \u202e, so that a person sees it and
// JSON stays the same JSON. Tabs and line ends stay.
func Escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsGraphic(r) || r == '\t' || r == '\n' || r == '\r' {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// cut ends a text that is longer than most.
func cut(text []rune, most int) string {
	room := most - 1
	for end := room; end > 0 && end >= room/2; end-- {
		if text[end] == ' ' {
			return string(text[:end]) + "…"
		}
	}
	return strings.TrimSuffix(string(text[:room]), " ") + "…"
}
