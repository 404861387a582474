package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// problems collects what is wrong with a request, so that all of it is reported at once.
type problems struct{ texts []string }

// add reports a field by its path, the value seen and the fix.
func (p *problems) add(path string, seen any, fix string) {
	p.texts = append(p.texts, fmt.Sprintf("%s is %s: %s", path, show(seen), fix))
}

// missing reports a field that must be there.
func (p *problems) missing(path, fix string) {
	p.texts = append(p.texts, fmt.Sprintf("%s is missing: %s", path, fix))
}

// show writes a value for a message, shortened.
func show(value any) string {
	const most = 80
	var text string
	if raw, ok := value.(json.RawMessage); ok {
		text = string(raw)
	} else {
		encoded, _ := json.Marshal(value)
		text = string(encoded)
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// fields is one JSON object of a request, read strictly: every key is known, no key comes twice, null is no value.
type fields struct {
	path     string
	values   map[string]json.RawMessage
	problems *problems
	// broken says that there is no object to read.
	broken bool
}

// payloadKey is the one key that may be null: a payload is any JSON.
const payloadKey = "payload"

// readObject decodes one JSON object and reports keys that are not among known.
func readObject(path string, raw []byte, p *problems, known ...string) fields {
	f := fields{path: path, values: map[string]json.RawMessage{}, problems: p}
	if err := f.decode(raw); err != nil {
		name := path
		if name == "" {
			name = "the request"
		}
		p.add(name, json.RawMessage(bytes.TrimSpace(raw)), fmt.Sprintf("give one JSON object (%v)", err))
		f.broken = true
		return f
	}
	keys := make([]string, 0, len(f.values))
	for key := range f.values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		if !slices.Contains(known, key) {
			p.texts = append(p.texts, fmt.Sprintf("%s is not a key: the nearest is %s", f.name(key), f.name(nearest(key, known))))
			delete(f.values, key)
		} else if string(f.values[key]) == "null" && key != payloadKey {
			p.add(f.name(key), f.values[key], "leave the key out, or give it a value")
			delete(f.values, key)
		}
	}
	return f
}

// decode reads exactly one object, and no key twice.
func (f fields) decode(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errors.New("it is none")
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if _, twice := f.values[key]; twice {
			f.problems.add(f.name(key), value, "the key comes twice, keep one")
		}
		f.values[key] = value
	}
	if _, err := d.Token(); err != nil {
		return errors.New("it does not end")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}

// name is the path of a key.
func (f fields) name(key string) string {
	if f.path == "" {
		return key
	}
	return f.path + "." + key
}

func (f fields) has(key string) bool { _, ok := f.values[key]; return ok }

// refuse reports a key's value.
func (f fields) refuse(key, fix string) { f.problems.add(f.name(key), f.values[key], fix) }

// text reads a string; "" where the key is absent or its value refused.
func (f fields) text(key, fix string, valid func(string) bool) string {
	if !f.has(key) {
		return ""
	}
	var text string
	if json.Unmarshal(f.values[key], &text) != nil || !valid(text) {
		f.refuse(key, fix)
		return ""
	}
	return text
}

// choice reads one of a few words; the first of them where the key is absent or its value refused.
func (f fields) choice(key string, words ...string) string {
	fix := "give one of " + strings.Join(words, ", ")
	if word := f.text(key, fix, func(s string) bool { return slices.Contains(words, s) }); word != "" {
		return word
	}
	return words[0]
}

// boolean reads true or false.
func (f fields) boolean(key string) bool {
	var b bool
	if f.has(key) && json.Unmarshal(f.values[key], &b) != nil {
		f.refuse(key, "give true or false, without quotes")
	}
	return b
}

// number reads a JSON number; false where the key is absent, or its value is none or not finite.
func (f fields) number(key string) (float64, bool) { return number(f.values[key]) }

func number(raw json.RawMessage) (float64, bool) {
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	return n, err == nil
}

// whole reads a whole number within bounds; fallback where the key is absent or its value refused.
func (f fields) whole(key string, low, high, fallback int) int {
	if !f.has(key) {
		return fallback
	}
	n, ok := f.number(key)
	if !ok || n != math.Trunc(n) || n < float64(low) || n > float64(high) {
		f.refuse(key, fmt.Sprintf("give a whole number from %d to %d, without quotes", low, high))
		return fallback
	}
	return int(n)
}

// share reads a number above 0 and up to high.
func (f fields) share(key string, high float64) float64 {
	n, ok := f.number(key)
	if f.has(key) && (!ok || n <= 0 || n > high) {
		f.refuse(key, fmt.Sprintf("give a number above 0 and up to %g", high))
		return 0
	}
	return n
}

// weight reads a percentage up to high, exact to 0.01.
func (f fields) weight(key string, high, fallback rollout.Weight) rollout.Weight {
	if !f.has(key) {
		return fallback
	}
	n, ok := f.number(key)
	w, exact := rollout.WeightOf(n)
	if !ok || !exact || w == 0 || w > high {
		f.refuse(key, fmt.Sprintf("give a percentage from 0.01 to %s with at most two decimals, without quotes", high))
		return fallback
	}
	return w
}

// duration reads seconds or a Go duration string, from least to a year; fallback where the key is absent or refused.
func (f fields) duration(key string, least, fallback time.Duration) time.Duration {
	if !f.has(key) {
		return fallback
	}
	d, ok := parseDuration(f.values[key])
	if !ok || d < least || d > rollout.LongestPlan {
		f.refuse(key, fmt.Sprintf(`give seconds, such as 120, or a duration with its unit, such as "2m30s", from %s to %s`, least, rollout.LongestPlan))
		return fallback
	}
	return d
}

func parseDuration(raw json.RawMessage) (time.Duration, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		d, err := time.ParseDuration(text)
		return d, err == nil
	}
	seconds, ok := number(raw)
	if !ok || math.Abs(seconds) > rollout.LongestPlan.Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// list reads a list of raw values.
func (f fields) list(key string) []json.RawMessage {
	var items []json.RawMessage
	if f.has(key) && json.Unmarshal(f.values[key], &items) != nil {
		f.refuse(key, "give a list")
	}
	return items
}

// object reads a nested object.
func (f fields) object(key string, known ...string) fields {
	if !f.has(key) {
		return fields{path: f.name(key), problems: f.problems}
	}
	return readObject(f.name(key), f.values[key], f.problems, known...)
}

// nearest is the known key with the least edit distance.
func nearest(key string, known []string) string {
	best, distance := "", math.MaxInt
	for _, k := range known {
		if d := editDistance(key, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is Levenshtein's, in bytes; keys are short.
func editDistance(a, b string) int {
	if len(a) > 64 {
		a = a[:64]
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
