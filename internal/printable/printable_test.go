package printable_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/printable"
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		most int
		want string
	}{
		"what is fine stays":                   {"Rate exceeded for f:2 (429).", 100, "Rate exceeded for f:2 (429)."},
		"other scripts stay":                   {"注文 · заказ · Größe €5 ✓", 100, "注文 · заказ · Größe €5 ✓"},
		"control characters go":                {"a\x1b[31mred\x07\x00\x7fb", 100, "a[31mredb"},
		"those of C1 too":                      {"a\u009b31mb", 100, "a31mb"},
		"directions go":                        {"ok \u202edeliaf\u202c \u2066x\u2069 \u200e\u061cend", 100, "ok deliaf x end"},
		"invisible ones go":                    {"a\u200bb\ufeffc\U000e0041", 100, "abc"},
		"lines become one":                     {"first\r\n\tsecond\u2028third\v\ffourth", 100, "first second third fourth"},
		"space around goes":                    {"  a  ", 100, "a"},
		"bytes that are no text are marked":    {"a\xffb", 100, "a�b"},
		"as long as allowed":                   {"one two", 7, "one two"},
		"space behind does not count":          {"one two   \n", 7, "one two"},
		"too long is cut at a word":            {"one two three", 12, "one two…"},
		"where the word just ends too":         {"one two three", 9, "one two…"},
		"the space itself is left":             {"one two three", 8, "one two…"},
		"after space at the limit":             {"one two three", 7, "one…"},
		"a long word is cut within":            {strings.Repeat("x", 20), 10, "xxxxxxxxx…"},
		"after a short one too":                {"a " + strings.Repeat("x", 20), 10, "a xxxxxxx…"},
		"characters are counted, not bytes":    {"ああああ", 4, "ああああ"},
		"and cut as characters":                {"あああああ", 4, "あああ…"},
		"one character":                        {"ab", 1, "…"},
		"none":                                 {"ab", 0, ""},
		"nothing":                              {"", 10, ""},
		"only what goes":                       {"\x00\u202e\n", 10, ""},
		"what goes at the end is not too long": {"abc\x00\x00", 3, "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, printable.Text(c.text, c.most))
		})
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"plain, 注文 €":                 "plain, 注文 €",
		"a\x7fb\x00\x1b":              `a\u007fb\u0000\u001b`,
		"\u202eevil\u2028":            `\u202eevil\u2028`,
		"\U000e0041":                  `\udb40\udc41`,
		"{\n\t\"a\": \"\u200b\"}\r\n": "{\n\t\"a\": \"\\u200b\"}\r\n",
		"\xff":                        "�",
	} {
		assert.Equal(t, want, printable.Escape(text))
	}
	raw := "{\"a\": \"\u202e\x7f\U000e0041\"}"
	assert.JSONEq(t, raw, printable.Escape(raw), "the same JSON")
}

func FuzzText(f *testing.F) {
	f.Add("one two\x1b three", 8)
	f.Add("\u202e…\xff", 3)
	f.Fuzz(func(t *testing.T, text string, most int) {
		shown := printable.Text(text, most)
		assert.LessOrEqual(t, utf8.RuneCountInString(shown), max(most, 0))
		assert.True(t, utf8.ValidString(shown))
		for _, r := range shown {
			assert.True(t, unicode.IsGraphic(r), "%q", r)
		}
		assert.Equal(t, shown, printable.Text(shown, most), "what is printable stays as it is")
	})
}
