package rollout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

// unmet says which part of the expectation an answer does not meet; "" where it meets all of it.
func (p Probe) unmet(answer []byte) string {
	if p.Expect == nil {
		return ""
	}
	_, err := strictjson.Object(answer)
	if twice, ok := errors.AsType[strictjson.DuplicateKeyError](err); ok {
		return fmt.Sprintf("expected an object with %s, got one in which %s", written(p.Expect), twice)
	}
	var got map[string]any
	if err != nil || decode(answer, &got) != nil {
		return fmt.Sprintf("expected an object with %s, got %s", written(p.Expect), Shorten(string(answer)))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Expect)) {
		value, there := got[key]
		switch {
		case !there:
			return fmt.Sprintf("expected %s %s, got no %s in %s", Shorten(key), written(p.Expect[key]), Shorten(key), Shorten(string(answer)))
		case !same(p.Expect[key], value):
			return fmt.Sprintf("expected %s %s, got %s", Shorten(key), written(p.Expect[key]), written(value))
		}
	}
	return ""
}

// differs says where an answer is not the old version's; "" where it is, but for what is at the paths to ignore. Answers
// that are no JSON are compared as texts.
func differs(fresh, old []byte, ignore []string) string {
	var a, b any
	if decode(fresh, &a) != nil || decode(old, &b) != nil {
		if bytes.Equal(bytes.TrimSpace(fresh), bytes.TrimSpace(old)) {
			return ""
		}
		return fmt.Sprintf("expected the old version's answer %s, got %s", Shorten(string(old)), Shorten(string(fresh)))
	}
	for _, path := range ignore {
		steps := strings.Split(strings.Trim(path, "."), ".")
		a, b = without(a, steps), without(b, steps)
	}
	return difference("", b, a)
}

// without is a value without what is at a path. A step names a key or, from 0 on, an element of a list, or is * for each of
// them. It goes into a text that is JSON itself, as the body of an HTTP answer is.
func without(value any, steps []string) any {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			switch {
			case steps[0] != key && steps[0] != "*":
			case len(steps) == 1:
				delete(v, key)
			default:
				v[key] = without(v[key], steps[1:])
			}
		}
	case []any:
		for i := range v {
			switch {
			case steps[0] != strconv.Itoa(i) && steps[0] != "*":
			case len(steps) == 1:
				v[i] = nil
			default:
				v[i] = without(v[i], steps[1:])
			}
		}
	case string:
		var inner any
		if decode([]byte(v), &inner) == nil && (strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[")) {
			return without(inner, steps)
		}
	}
	return value
}

// difference says where got is not what was wanted, by the path to the first such value; "" where it is the same.
func difference(path string, want, got any) string {
	w, wantObject := want.(map[string]any)
	g, gotObject := got.(map[string]any)
	if wantObject && gotObject {
		for _, key := range slices.Sorted(maps.Keys(w)) {
			inner := within(path, key)
			if value, there := g[key]; !there {
				return fmt.Sprintf("expected %s %s as of the old version, got no %s", inner, written(w[key]), Shorten(key))
			} else if found := difference(inner, w[key], value); found != "" {
				return found
			}
		}
		for _, key := range slices.Sorted(maps.Keys(g)) {
			if _, there := w[key]; !there {
				return fmt.Sprintf("expected no %s as of the old version, got %s", within(path, key), written(g[key]))
			}
		}
		return ""
	}
	if same(want, got) {
		return ""
	}
	if path == "" {
		path = "the answer"
	}
	return fmt.Sprintf("expected %s %s as of the old version, got %s", path, written(want), written(got))
}

// within is the path of a key, shortened: an answer may have keys and depths of any size.
func within(path, key string) string {
	return Shorten(strings.TrimPrefix(path+"."+Shorten(key), "."))
}

// decode reads exactly one JSON value, numbers as they are written.
func decode(raw []byte, value any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(value); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}

// written is a JSON value for a message, shortened.
func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return Shorten(string(text))
}

// Shorten is a text for a message: one line of printable characters, cut at a word.
func Shorten(text string) string { return printable.Text(text, 200) }

// same compares two JSON values deeply, numbers by their value.
func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && canonical(a.String()) == canonical(b.String())
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, same)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	default:
		return a == b
	}
}

// canonical writes a JSON number in the one form that all numbers of its value have: digits without zeros at either
// end, and a power of ten. It is exact, and cheap for any exponent.
func canonical(number string) string {
	digits, negative := strings.CutPrefix(number, "-")
	digits, power, _ := strings.Cut(strings.ToLower(digits), "e")
	whole, fraction, _ := strings.Cut(digits, ".")
	if power == "" {
		power = "0"
	}
	exponent, err := strconv.ParseInt(power, 10, 64)
	if err != nil {
		return number
	}
	digits = strings.TrimLeft(whole+fraction, "0")
	short := strings.TrimRight(digits, "0")
	if short == "" {
		return "0"
	}
	exponent += int64(len(digits)-len(short)) - int64(len(fraction))
	if negative {
		short = "-" + short
	}
	return short + "e" + strconv.FormatInt(exponent, 10)
}
