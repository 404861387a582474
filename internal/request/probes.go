package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

const (
	// maxProbes is how many probes a list may have.
	maxProbes = 100
	// maxIgnored is how many paths a comparison may leave out.
	maxIgnored = 100
	// maxProbeName is how many characters the name of a probe may have.
	maxProbeName = 64
)

// parseProbes reads a list of probes, no two of one name. keys are what a probe may have beside the keys that every probe has.
func parseProbes(f fields, key string, keys ...string) []rollout.Probe {
	const form = `give an object such as {"name": "ping", "payload": {}, "expect": {"ok": true}}`
	known := append([]string{"name", payloadKey, "expect", "every-step", "max-ms", "compare", "tenant-id"}, keys...)
	var probes []rollout.Probe
	names := map[string]bool{}
	for i, item := range f.list(key, maxProbes) {
		probe := f.readObject(f.element(key, i), item, form, known...)
		p := parseProbe(probe)
		if p.Name == "" {
			p.Name = "#" + strconv.Itoa(i+1)
		}
		if names[p.Name] {
			f.problems.say("%s is called %s: give every probe a name of its own", probe.path, p.Name)
		}
		names[p.Name], probes = true, append(probes, p)
	}
	return probes
}

// parseProbe reads one probe. Without a payload it sends an empty object; a payload is any JSON, passed on as it is written.
func parseProbe(f fields) rollout.Probe {
	const mostMS = 15 * 60 * 1000
	p := rollout.Probe{
		Payload:   json.RawMessage("{}"),
		Name:      printable.Text(f.text("name", "give a text of at most 64 characters, or leave it out", isProbeName), maxProbeName),
		EveryStep: f.boolean("every-step"),
		Within:    time.Duration(f.share("max-ms", mostMS) * float64(time.Millisecond)),
		Function:  f.text("function", "give a function's bare name, with * for any text, or leave it out for every function", func(s string) bool { return only(word+"*-", len(s), s) }),
		TenantID:  f.text("tenant-id", "give 1 to 256 printable ASCII characters: it travels in a header", isTenantID),
		Compare:   f.has("compare"),
	}
	if f.has(payloadKey) {
		p.Payload = f.values[payloadKey]
	}
	if f.has("expect") && (decodeNumbers(f.values["expect"], &p.Expect) != nil || p.Expect == nil) {
		f.refuse("expect", "give an object with the keys that the answer must have, or leave it out")
	}
	compare := f.object("compare", `give {}, or {"ignore": ["body.time"]} for what may differ`, "ignore")
	for i, item := range compare.list("ignore", maxIgnored) {
		var path string
		if json.Unmarshal(item, &path) != nil || strings.Trim(path, ".") == "" {
			f.refuseValue(compare.element("ignore", i), item, `give where in the answer a value may differ, such as "body.time"`)
		}
		p.Ignore = append(p.Ignore, path)
	}
	return p
}

// isProbeName says whether something of a text is left to be shown, and not too much.
func isProbeName(s string) bool {
	return within(maxProbeName, s) && printable.Text(s, maxProbeName) != ""
}

// isTenantID says whether a text may be a tenant's id, as far as can be said without Lambda.
func isTenantID(s string) bool {
	return within(256, s) && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

// HookProbes reads the list of probes of the pre-traffic hook, as strictly as a request, from a variable that is called
// name; "" is none. The error names every problem, on one line.
func HookProbes(name, text string) ([]rollout.Probe, error) {
	const form = `give a JSON list of objects such as [{"name": "health", "payload": {}, "expect": {"ok": true}}]`
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	var in reading
	var probes []rollout.Probe
	raw := json.RawMessage(text)
	switch {
	case !in.open(name, name, raw, form):
	case raw[0] != '[':
		in.refuseValue(name, raw, form)
	default:
		probes = parseProbes(fields{reading: &in, values: map[string]json.RawMessage{name: raw}}, name, "function")
	}
	if problems := in.problems.list(); len(problems) > 0 {
		return nil, errors.New(strings.Join(problems, "; "))
	}
	return probes, nil
}

// decodeNumbers reads a JSON value, numbers as they are written.
func decodeNumbers(raw json.RawMessage, value any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(value)
}
