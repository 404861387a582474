package rollout

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/meta-deployer/meta-deployer/internal/printable"
)

// FirstLine is the first line of a text, in printable characters, cut at a word to at most so many characters, with "…" where
// something is left out.
func FirstLine(text string, most int) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return cut(printable.Text(line, most), most)
}

// brief is the first line of a text as a token carries it: at most maxWhy characters, and maxWhyJSON bytes of JSON.
func brief(text string) string {
	line := FirstLine(text, maxWhy)
	for most := maxWhy; most > 1; most = most * 2 / 3 {
		if raw, err := json.Marshal(line); err == nil && len(raw) <= maxWhyJSON {
			break
		}
		line = cut(line, most)
	}
	return line
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

// digest is short and tells revisions apart.
func digest(revision string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(revision))
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}
