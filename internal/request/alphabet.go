package request

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Alphabets of only.
const (
	digits = "0123456789"
	word   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + digits
)

// only says whether a text is of at most so many characters, and at least one, all of them of an alphabet.
func only(alphabet string, most int, s string) bool {
	return s != "" && len(s) <= most && strings.Trim(s, alphabet) == ""
}

// within says whether a text has at most so many characters, and at least one, none of them a control character. Bytes are
// not counted.
func within(most int, s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}
