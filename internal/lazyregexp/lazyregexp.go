// Package lazyregexp has regular expressions that are compiled when they are first used. At start-up they would cost every
// cold start, and all of them together more than everything else that is ours.
package lazyregexp

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression that is compiled at its first use.
type Regexp func() *regexp.Regexp

// New is the regular expression of an expression. At its first use it panics where the expression cannot be compiled.
func New(expression string) Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// MatchString is regexp.Regexp.MatchString.
func (r Regexp) MatchString(s string) bool { return r().MatchString(s) }

// FindStringSubmatch is regexp.Regexp.FindStringSubmatch.
func (r Regexp) FindStringSubmatch(s string) []string { return r().FindStringSubmatch(s) }
