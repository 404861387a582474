package request

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// maxProbes is how many probes a list may have.
const maxProbes = 100

// parseProbes reads a list of probes. keys are what a probe may have beside the keys that every probe has.
func parseProbes(f fields, key string, keys ...string) []rollout.Probe {
	items := f.list(key)
	if len(items) > maxProbes {
		f.problems.add(f.name(key), len(items), fmt.Sprintf("give at most %d probes", maxProbes))
		return nil
	}
	var probes []rollout.Probe
	for i, item := range items {
		known := append([]string{"name", payloadKey, "expect", "every-step", "max-ms", "compare"}, keys...)
		p := parseProbe(readObject(f.element(key, i), item, f.problems, known...))
		if p.Name == "" {
			p.Name = "#" + strconv.Itoa(i+1)
		}
		probes = append(probes, p)
	}
	return probes
}

// parseProbe reads one probe. Without a payload it sends an empty object.
func parseProbe(f fields) rollout.Probe {
	const mostMS = 15 * 60 * 1000
	p := rollout.Probe{
		Payload:   json.RawMessage("{}"),
		Name:      f.text("name", "give a text of at most 64 characters, or leave it out", func(s string) bool { return s != "" && len([]rune(s)) <= 64 }),
		EveryStep: f.boolean("every-step"),
		Within:    time.Duration(f.share("max-ms", mostMS) * float64(time.Millisecond)),
		Function:  f.text("function", "give a function's bare name, with * for any text, or leave it out for every function", func(s string) bool { return only(word+"*-", len(s), s) }),
		Compare:   f.has("compare"),
	}
	if f.has(payloadKey) {
		p.Payload = f.values[payloadKey]
	}
	if f.has("expect") && (decodeNumbers(f.values["expect"], &p.Expect) != nil || p.Expect == nil) {
		f.refuse("expect", "give an object with the keys that the answer must have, or leave it out")
	}
	compare := f.object("compare", "ignore")
	for i, item := range compare.list("ignore") {
		var path string
		if json.Unmarshal(item, &path) != nil || strings.Trim(path, ".") == "" {
			f.problems.add(compare.element("ignore", i), item, `give where in the answer a value may differ, such as "body.time"`)
		}
		p.Ignore = append(p.Ignore, path)
	}
	return p
}

// HookProbes reads the list of probes of the pre-traffic hook, as strictly as a request, from a variable that is called
// name; "" is none.
func HookProbes(name, text string) ([]rollout.Probe, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	var items []json.RawMessage
	if json.Unmarshal([]byte(text), &items) != nil || items == nil {
		return nil, fmt.Errorf(`%s is %q: give a JSON list of objects such as [{"name": "health", "payload": {}, "expect": {"ok": true}}]`, name, rollout.Shorten(text))
	}
	var p problems
	probes := parseProbes(fields{values: map[string]json.RawMessage{name: json.RawMessage(text)}, problems: &p}, name, "function")
	if len(p.texts) > 0 {
		return nil, &ProblemsError{Problems: p.texts}
	}
	return probes, nil
}

// decodeNumbers reads a JSON value, numbers as they are written.
func decodeNumbers(raw json.RawMessage, value any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(value)
}
