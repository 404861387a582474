package request

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is checked by hand is what Lambda's and CloudWatch's own patterns say.
func TestOnlyIsThePattern(t *testing.T) {
	tests := map[string]func(string) bool{
		`^[a-zA-Z0-9_-]{1,128}$`:     func(s string) bool { return only(word+"-", 128, s) },
		`^[1-9][0-9]{0,17}$`:         func(s string) bool { return only(digits, 18, s) && s[0] != '0' },
		`^[\w+=,.@:/-]+$`:            func(s string) bool { return only(word+"+=,.@:/-", 1224, s) },
		`^[a-zA-Z0-9_*-]+$`:          func(s string) bool { return only(word+"*-", len(s), s) },
		`^[A-Za-z0-9_-]{1,13}$`:      func(s string) bool { return only(word+"-", 13, s) },
		`^[a-z][a-zA-Z0-9_]{0,254}$`: func(s string) bool { return only(word, 255, s) && s[0] >= 'a' && s[0] <= 'z' },
	}
	texts := []string{"", "\n", "live\n", "li ve", "äbc", "a\xffb", "\xff", "A1_", "a-b", "-", "*", "x*y-z", "0", "01", "10", "٣", "a+b=c,d.e@f:g/h"}
	for r := range rune(256) {
		texts = append(texts, string(r), "a"+string(r), "1"+string(r))
	}
	for _, length := range []int{12, 13, 14, 17, 18, 19, 127, 128, 129, 254, 255, 256} {
		texts = append(texts, strings.Repeat("7", length), strings.Repeat("a", length))
	}
	for pattern, holds := range tests {
		for _, text := range texts {
			assert.Equal(t, regexp.MustCompile(pattern).MatchString(text), holds(text), "%s: %q", pattern, text)
		}
	}
}
