package rollout

import (
	"regexp"
	"strings"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used. At start-up it would cost every cold start, and
// all of them together more than everything else that is ours.
type pattern func() *regexp.Regexp

func lazily(expression string) pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// MatchString is the regular expression's.
func (p pattern) MatchString(s string) bool { return p().MatchString(s) }

// FindStringSubmatch is the regular expression's.
func (p pattern) FindStringSubmatch(s string) []string { return p().FindStringSubmatch(s) }

// Alphabets of only.
const (
	digits = "0123456789"
	word   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + digits
)

// only says whether a text is of at most so many characters, and at least one, all of them of an alphabet.
func only(alphabet string, most int, s string) bool {
	return s != "" && len(s) <= most && strings.Trim(s, alphabet) == ""
}
