package rollout

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// FirstLine is the first line of a text, in printable characters, cut at a word to at most so many characters, with "…" where
// something is left out.
func FirstLine(text string, most int) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return cut(strings.TrimSpace(printable(line)), most)
}

// printable leaves out what is no character for people: controls, and those that change the direction of what follows.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
}

// cut shortens a text to at most so many characters, counted as length does, at a word and with "…" behind it.
func cut(text string, most int) string {
	if length(text) <= most {
		return text
	}
	end := 0
	for i, r := range text {
		if most -= utf16.RuneLen(r); most < 1 {
			break
		}
		end = i + len(string(r))
	}
	if end == 0 {
		return ""
	}
	text = text[:end]
	if word := strings.LastIndexByte(text, ' '); word > len(text)/2 {
		text = text[:word]
	}
	return strings.TrimRight(text, " ,;:") + "…"
}

// length counts a text as cautiously as Lambda may, see maxDescription.
func length(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}
