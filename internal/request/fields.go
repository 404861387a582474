package request

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

// MaxBytes is how large a request may be.
const MaxBytes = 256 << 10

// open says whether a text can be read: JSON of a bearable size. It reports every key that is given twice, wherever it is,
// also in a payload: which of the two the function would take nobody can say. root is the path that these begin with.
func (r *reading) open(what, root string, raw []byte, fix string) bool {
	if len(raw) > MaxBytes {
		r.problems.say("%s has %d bytes: give at most %d", what, len(raw), MaxBytes)
		return false
	}
	var value json.RawMessage
	if err := json.Unmarshal(raw, &value); err != nil {
		r.problems.say("%s is not JSON (%v): %s", what, err, fix)
		return false
	}
	paths, more := strictjson.Duplicates(raw, mostTexts)
	for _, path := range paths {
		r.problems.say("%s is given twice: keep one", showKey(root+path))
	}
	r.problems.more += more
	return true
}

// fields is one JSON object of a request, read strictly: every key is known, null is no value.
type fields struct {
	*reading
	path   string
	values map[string]json.RawMessage
	// broken says that there is no object to read, which is reported.
	broken bool
}

// payloadKey is the one key that may be null: a payload is any JSON.
const payloadKey = "payload"

// readObject reads one object, valid JSON, and reports keys that are not among known. form is the fix where it is none.
func (r *reading) readObject(path string, raw json.RawMessage, form string, known ...string) fields {
	f := fields{reading: r, path: path}
	if json.Unmarshal(raw, &f.values) != nil || f.values == nil {
		r.refuseValue(path, raw, form)
		return fields{reading: r, path: path, broken: true}
	}
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		switch {
		case !slices.Contains(known, key):
			f.unknown(key, known)
		case string(f.values[key]) == "null" && key != payloadKey:
			f.refuse(key, "leave the key out, or give it a value")
		default:
			continue
		}
		delete(f.values, key)
	}
	return f
}

// object reads the object of a key. Without the key it is empty.
func (f fields) object(key, form string, known ...string) fields {
	if !f.has(key) {
		return fields{reading: f.reading, path: f.name(key)}
	}
	return f.readObject(f.name(key), f.values[key], form, known...)
}

// list reads a list of at most so many values; nil where the key is absent or its value refused. A longer list is not read to
// its end.
func (f fields) list(key string, most int) []json.RawMessage {
	if !f.has(key) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(f.values[key]))
	if open, err := d.Token(); err != nil || open != json.Delim('[') {
		f.refuse(key, "give a list")
		return nil
	}
	items := []json.RawMessage{}
	for d.More() {
		var item json.RawMessage
		if len(items) == most || d.Decode(&item) != nil {
			f.problems.say("%s is a list of more than %d: give at most %d", f.name(key), most, most)
			return nil
		}
		items = append(items, item)
	}
	return items
}

// element is the path of a list's element.
func (f fields) element(key string, i int) string { return fmt.Sprintf("%s[%d]", f.name(key), i) }

// name is the path of a key.
func (f fields) name(key string) string {
	if f.path == "" {
		return key
	}
	return f.path + "." + key
}

func (f fields) has(key string) bool { _, ok := f.values[key]; return ok }

// refuse reports a key's value.
func (f fields) refuse(key, fix string) { f.refuseValue(f.name(key), f.values[key], fix) }

// missing reports a key that must be there.
func (f fields) missing(key, fix string) {
	if !f.broken {
		f.problems.say("%s is missing: %s", f.name(key), fix)
	}
}

// warn says what a request says without effect, or may not expect.
func (f fields) warn(format string, values ...any) { f.warnings.say(format, values...) }

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

// limit reads a number; nil where the key is absent or its value refused.
func (f fields) limit(key string) *float64 {
	n, ok := f.number(key)
	if f.has(key) && !ok {
		f.refuse(key, "give a number, without quotes")
	}
	if !ok {
		return nil
	}
	return &n
}

// weight reads a percentage up to high, exact to 0.01.
func (f fields) weight(key string, high, fallback rollout.Weight) rollout.Weight {
	if !f.has(key) {
		return fallback
	}
	n, ok := f.number(key)
	w, exact := weightOf(n)
	if !ok || !exact || w > high {
		f.refuse(key, fmt.Sprintf("give a percentage from 0.01 to %s with at most two decimals, without quotes", high))
		return fallback
	}
	return w
}

// weightOf is the weight of a percentage that is exactly one of those from 0.01 to 100.
func weightOf(percent float64) (rollout.Weight, bool) {
	w, ok := rollout.WeightOf(percent)
	return w, ok && w > 0 && w.Percent() == percent
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
