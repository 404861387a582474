package rollout

import (
	"encoding/json"
	"fmt"
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
	// TenantID is whom the invocation is for, of a function with tenant isolation; "" for any other.
	TenantID string
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

// MaxProbe is how long a probe's call may take while the new version has traffic: nothing else is looked at meanwhile.
const MaxProbe = 10 * time.Second

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
