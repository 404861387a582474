package rollout

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Probe is an invocation that the new version has to stand.
type Probe struct {
	Name    string
	Payload json.RawMessage
	// Expect is what the answer must have, key by key; nil where any answer will do.
	Expect map[string]any
	// EveryStep says that it is made again at every step.
	EveryStep bool
	// Within is the longest that the answer may take; 0 is any time.
	Within time.Duration
	// Compare says that the old version must answer the same to the same payload, but for what is at the paths Ignore.
	Compare bool
	Ignore  []string
	// Function is a pattern of bare function names, with * for any text; "" is every function. Only probes of the
	// pre-traffic hook have it.
	Function string
}

// ProbeAnswer is what a version made of a probe.
type ProbeAnswer struct {
	Body []byte
	// Failure is the function error; "" where it answered.
	Failure string
	Took    time.Duration
	// Cut says that it was not waited for any longer.
	Cut bool
}

const (
	// MaxProbe is how long a probe's call may take while the new version has traffic: nothing else is looked at meanwhile.
	MaxProbe = 10 * time.Second
	// maxProbes is how many probes a list may have.
	maxProbes = 100
)

// Limit is how long to wait for an answer at a weight, the time that the probe allows and a second to see it in; 0 is
// without end.
func (p Probe) Limit(w Weight) time.Duration {
	limit := time.Duration(0)
	if p.Within > 0 {
		limit = p.Within + time.Second
	}
	if w > 0 && (limit == 0 || limit > MaxProbe) {
		limit = MaxProbe
	}
	return limit
}

// Judge says what the new version's answer shows. old is the old version's, nil where that was not asked. An old version
// that fails has no answer to be equal to.
func (p Probe) Judge(fresh ProbeAnswer, old *ProbeAnswer) analysis.ProbeResult {
	r := analysis.ProbeResult{Name: p.Name, Took: fresh.Took}
	switch {
	case fresh.Failure != "":
		r.Unmet = "expected an answer, got a function error: " + Shorten(fresh.Failure)
	case fresh.Cut && (p.Within == 0 || fresh.Took <= p.Within):
		r.Unmet = fmt.Sprintf("expected an answer, got none within %s, the most that a probe may take while the version has traffic", fresh.Took.Round(time.Millisecond))
	case fresh.Cut:
		r.Unmet = fmt.Sprintf("expected an answer within %s, got none after %s", p.Within, fresh.Took.Round(time.Millisecond))
	case p.Within > 0 && fresh.Took > p.Within:
		r.Unmet = fmt.Sprintf("expected an answer within %s, got it after %s", p.Within, fresh.Took.Round(time.Millisecond))
	default:
		r.Unmet = p.unmet(fresh.Body)
	}
	switch {
	case old == nil || r.Unmet != "":
	case old.Cut:
		r.Note = fmt.Sprintf("not compared: the old version had not answered within %s", old.Took.Round(time.Millisecond))
	case old.Failure != "":
		r.Note = "not compared: the old version failed, " + Shorten(old.Failure)
	default:
		r.Unmet = differs(fresh.Body, old.Body, p.Ignore)
		r.Note = "the same as the old version's"
	}
	return r
}

// probesAt are the probes to make at a weight: all of them before the first shift, those of every step after it.
func (p Plan) probesAt(w Weight) []Probe {
	if w == 0 {
		return p.Probes
	}
	var due []Probe
	for _, probe := range p.Probes {
		if probe.EveryStep {
			due = append(due, probe)
		}
	}
	return due
}

// probesDue says that the new version has not stood all the probes of this weight yet.
func (d decision) probesDue() bool {
	done := 0
	if d.progress.ProbedAt == d.live.Weight {
		done = d.progress.Probed
	}
	return done < len(d.plan.probesAt(d.live.Weight))
}

// runProbe asks for what the new version answers to the next probe.
func (d decision) runProbe() (NextAction, Progress) {
	j := d.live
	if d.progress.ProbedAt != j.Weight {
		d.progress.Probed, d.progress.ProbedAt, d.progress.Unprobed = 0, j.Weight, time.Time{}
	}
	next := d.plan.probesAt(j.Weight)[d.progress.Probed]
	return RunProbe{Probe: next, OldVersion: j.Old, NewVersion: j.New, Weight: j.Weight, Until: d.wayBack()}, d.progress
}

// parseProbes reads a list of probes. keys are what a probe may have beside the keys that every probe has.
func parseProbes(f fields, key string, keys ...string) []Probe {
	items := f.list(key)
	if len(items) > maxProbes {
		f.problems.add(f.name(key), len(items), fmt.Sprintf("give at most %d probes", maxProbes))
		return nil
	}
	var probes []Probe
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
func parseProbe(f fields) Probe {
	const mostMS = 15 * 60 * 1000
	p := Probe{
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
	if f.has("expect") && (decode(f.values["expect"], &p.Expect) != nil || p.Expect == nil) {
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
func HookProbes(name, text string) ([]Probe, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	var items []json.RawMessage
	if json.Unmarshal([]byte(text), &items) != nil || items == nil {
		return nil, fmt.Errorf(`%s is %q: give a JSON list of objects such as [{"name": "health", "payload": {}, "expect": {"ok": true}}]`, name, Shorten(text))
	}
	var p problems
	probes := parseProbes(fields{values: map[string]json.RawMessage{name: json.RawMessage(text)}, problems: &p}, name, "function")
	if len(p.texts) > 0 {
		return nil, &ProblemsError{Problems: p.texts}
	}
	return probes, nil
}
