// Package request is what callers send: it reads a request strictly, to the plan that rollout understands. It is pure.
package request

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Action is what a request asks for.
type Action string

// The actions, each called as its value.
const (
	Deploy   Action = "deploy"
	Plan     Action = "plan"
	Status   Action = "status"
	Rehearse Action = "rehearse"
	Rollback Action = Action(rollout.Rollback)
	Promote  Action = Action(rollout.Promote)
	Pause    Action = Action(rollout.Pause)
	Resume   Action = Action(rollout.Resume)
)

// Request is a checked request. Its plan has the function's bare name, whatever form the request gave.
type Request struct {
	Action Action
	Plan   rollout.Plan
	// Days is how many days of the past are rehearsed, for Rehearse.
	Days int
	// RoleARN and ExternalID are the role to work through, "" for the deployer's own.
	RoleARN, ExternalID string
	// HandOff says which plans go to the long engine, for Deploy.
	HandOff HandOff
	// Execution is the ARN of the workflow or durable execution that is asked for, for Status; "" asks the alias. Function and
	// alias may be "" with it.
	Execution string
	// Warnings are what the request says without effect, or may not expect: as many as a ProblemsError lists.
	Warnings []string
}

// Home is where a request is read: the region and account of the driver, and how often that driver looks where the request does
// not say. A region or account that is empty is not known and not checked; a Poll of 0 is the deployer's 15 s.
type Home struct {
	Region, Account string
	Poll            time.Duration
	// Long says that the driver is a long engine: it looks less often at a long plan, and takes a smaller request.
	Long bool
	// Force and Emergency are the functions for which a request may have these keys.
	Force, Emergency Patterns
}

// Parse reads a request of at most MaxBytes strictly. The error is a *ProblemsError that names every problem: the field by
// its path, the value seen and the fix. What it says, as all texts of the request that are for people, is printable.
func Parse(raw []byte, home Home) (Request, error) {
	const form = `give one JSON object, such as {"function-name": "f", "alias": "live", "new-version": "2"}`
	in := reading{home: home}
	if home.Long && len(raw) > MaxLongBytes {
		in.problems.say("the request has %d bytes: give at most %d to a long engine", len(raw), MaxLongBytes)
		return Request{}, &ProblemsError{Problems: in.problems.list()}
	}
	if !in.open("the request", "", raw, form) {
		return Request{}, &ProblemsError{Problems: in.problems.list()}
	}
	f := in.readObject("", raw, form, keyNames()...)
	var r Request
	if !f.broken {
		r.Action = parseAction(f)
		r.parseEngine(f)
		r.parseTarget(f)
		r.parseNewVersion(f)
		r.parsePlan(f)
		r.parseDays(f)
		r.Plan.Message = parseMessage(f)
		refuseUnbuilt(f)
	}
	if problems := in.problems.list(); len(problems) > 0 {
		return Request{}, &ProblemsError{Problems: problems}
	}
	r.Warnings = in.warnings.list()
	return r, nil
}

func parseAction(f fields) Action {
	return Action(f.choice("action", string(Deploy), string(Plan), string(Status), string(Rollback), string(Promote),
		string(Pause), string(Resume), string(Rehearse)))
}

func parseMessage(f fields) string {
	const most = 200
	text := f.text("message", "give at most 200 characters", func(s string) bool { return utf8.RuneCountInString(s) <= most })
	return printable.Text(text, most)
}

func (r *Request) parseDays(f fields) {
	r.Days = f.whole("days", 1, 14, 3)
	r.warnUnless(Rehearse, f, "days")
}

// warnUnless warns of a key that has a meaning for one action only.
func (r *Request) warnUnless(action Action, f fields, key string) {
	if f.has(key) && r.Action != action {
		f.warn("%s has a meaning for action %s only", key, action)
	}
}

// parseNewVersion reads a version as a string or number, or as an alias to resolve.
func (r *Request) parseNewVersion(f fields) {
	const fix = `give a published version, such as "2", or "@alias" for the version that alias points at`
	if !f.has("new-version") {
		if r.Action == Deploy || r.Action == Plan {
			f.missing("new-version", fix)
		}
		return
	}
	text := f.numberOrText("new-version")
	candidate, isCandidate := strings.CutPrefix(text, "@")
	switch {
	case isCandidate && isAlias(candidate) && candidate != r.Plan.Alias:
		r.Plan.Candidate = candidate
	case isCandidate && candidate == r.Plan.Alias && candidate != "":
		f.refuse("new-version", "name another alias than the one to shift")
	case strings.HasPrefix(text, "$LATEST"):
		f.refuse("new-version", "publish a version first (aws lambda publish-version) and give its number")
	case only(digits, 18, text) && text[0] != '0':
		r.Plan.NewVersion = text
	default:
		f.refuse("new-version", fix)
	}
}

// numberOrText reads a whole number as its digits, or a string; "" for any other value.
func (f fields) numberOrText(key string) string {
	var text string
	n, ok := f.number(key)
	switch {
	case ok && n == math.Trunc(n) && n < 1e15:
		return strconv.FormatFloat(n, 'f', -1, 64)
	case ok:
		return string(f.values[key])
	case json.Unmarshal(f.values[key], &text) != nil:
		return ""
	}
	return text
}
