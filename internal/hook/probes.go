package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// probe is an invocation that the new version has to stand.
type probe struct {
	name    string
	payload json.RawMessage
	// expect is what the answer must have, key by key; nil where any answer will do.
	expect map[string]any
	// function is a pattern of bare function names, with * for any text; "" is every function.
	function string
}

var globPattern = regexp.MustCompile(`^[a-zA-Z0-9_*-]+$`)

// parseProbes reads the list that PROBES holds; "" is none.
func parseProbes(text string) ([]probe, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var items []map[string]json.RawMessage
	err := json.Unmarshal([]byte(text), &items)
	null := func(item map[string]json.RawMessage) bool { return item == nil }
	if err != nil || items == nil || slices.ContainsFunc(items, null) {
		return nil, fmt.Errorf(`PROBES is %q: give a JSON list of objects such as [{"name": "health", "payload": {}, "expect": {"ok": true}}]`, shorten(text))
	}
	probes := make([]probe, 0, len(items))
	for i, item := range items {
		p, err := parseProbe(item)
		if err != nil {
			return nil, fmt.Errorf("PROBES[%d].%w", i, err)
		}
		if p.name == "" {
			p.name = "#" + strconv.Itoa(i+1)
		}
		probes = append(probes, p)
	}
	return probes, nil
}

// parseProbe reads one probe. Without a payload it sends an empty object.
func parseProbe(item map[string]json.RawMessage) (probe, error) {
	p := probe{payload: json.RawMessage("{}")}
	for _, key := range slices.Sorted(maps.Keys(item)) {
		var fix string
		switch value := item[key]; key {
		case "name":
			if !readAs(value, &p.name) || p.name == "" {
				fix = "give a text, or leave it out"
			}
		case "payload":
			p.payload = value
		case "expect":
			if decode(value, &p.expect) != nil || p.expect == nil {
				fix = "give an object with the keys that the answer must have, or leave it out"
			}
		case "every-step":
			var everyStep bool
			if !readAs(value, &everyStep) {
				fix = "give true or false (a hook runs at no step, so it has no effect here)"
			}
		case "function":
			if !readAs(value, &p.function) || !globPattern.MatchString(p.function) {
				fix = "give a function's bare name, with * for any text, or leave it out for every function"
			}
		default:
			return p, fmt.Errorf("%s is not a key: the keys are name, payload, expect, every-step and function", key)
		}
		if fix != "" {
			return p, fmt.Errorf("%s is %s: %s", key, shorten(string(item[key])), fix)
		}
	}
	return p, nil
}

// readAs reads a value that must be there: null is none.
func readAs(raw json.RawMessage, value any) bool {
	return string(raw) != "null" && json.Unmarshal(raw, value) == nil
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

// probesFor are the probes whose pattern matches the whole bare name.
func probesFor(probes []probe, function string) []probe {
	return slices.DeleteFunc(slices.Clone(probes), func(p probe) bool {
		matches, err := path.Match(p.function, function)
		return p.function != "" && (err != nil || !matches)
	})
}

// unmet says which part of the expectation an answer does not meet; "" where it meets all of it.
func (p probe) unmet(answer []byte) string {
	if p.expect == nil {
		return ""
	}
	var got map[string]any
	if decode(answer, &got) != nil || got == nil {
		return fmt.Sprintf("expected an object with %s, got %s", written(p.expect), shorten(string(answer)))
	}
	for _, key := range slices.Sorted(maps.Keys(p.expect)) {
		value, there := got[key]
		switch {
		case !there:
			return fmt.Sprintf("expected %s %s, got no %s in %s", key, written(p.expect[key]), key, shorten(string(answer)))
		case !same(p.expect[key], value):
			return fmt.Sprintf("expected %s %s, got %s", key, written(p.expect[key]), written(value))
		}
	}
	return ""
}

// written is a JSON value for a message, shortened.
func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return shorten(string(text))
}

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
