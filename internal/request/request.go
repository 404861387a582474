// Package request is what callers send: it reads a request strictly, to the plan that rollout understands. It is pure.
package request

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
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
	// Warnings are what the request says without effect.
	Warnings []string

	// home is where the request works.
	home Home
}

// Home is where the deployer runs. An empty field is not known and not checked.
type Home struct{ Region, Account string }

// ProblemsError is everything that is wrong with a request.
type ProblemsError struct{ Problems []string }

// Error lists the problems.
func (e *ProblemsError) Error() string { return strings.Join(e.Problems, "; ") }

// Parse reads a request strictly. The error is a *ProblemsError that names every problem: the field by its path, the
// value seen and the fix.
func Parse(raw []byte, home Home) (Request, error) {
	var p problems
	f := readObject("", raw, &p,
		"action", "function-name", "alias", "alias-name", "new-version", "type", "steps", "interval", "weight", "stages", "bake",
		"health-check", "alarms", "hooks", "poll-interval", "on-failure", "max-duration", "message", "force", "emergency",
		"role-arn", "external-id", "hand-off", "days", "targets")
	r := Request{}
	if f.broken {
		return r, &ProblemsError{Problems: p.texts}
	}
	r.Action = parseAction(f)
	r.parseTarget(f, home)
	r.parseNewVersion(f)
	r.parsePlan(f)
	r.Plan.Message = f.text("message", "give at most 200 characters", func(s string) bool { return len([]rune(s)) <= 200 })
	refuseUnbuilt(f)
	if len(p.texts) > 0 {
		return Request{}, &ProblemsError{Problems: p.texts}
	}
	return r, nil
}

func parseAction(f fields) Action {
	return Action(f.choice("action", string(Deploy), string(Plan), string(Status), string(Rollback), string(Promote),
		string(Pause), string(Resume), string(Rehearse)))
}

// refuseUnbuilt refuses what the contract promises and this version does not do yet; a value that asks for nothing is
// fine.
func refuseUnbuilt(f fields) {
	if f.boolean("hand-off") {
		f.refuse("hand-off", "not in this version: leave it out or give false, and send a plan that fits one invocation")
	}
	if f.has("targets") {
		f.refuse("targets", "not in this version: send one request per function, with function-name, alias and new-version")
	}
}

// The forms of a function's name, aws-sdk model of lambda: name, account:function:name, or a full ARN, each with an
// optional qualifier.
var (
	functionPattern = lazyregexp.New(`^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2,5}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9_-]{1,64})(?::(\$LATEST|[a-zA-Z0-9_-]+))?$`)
	rolePattern     = lazyregexp.New(`^arn:aws[a-zA-Z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}$`)
	alarmPattern    = lazyregexp.New(`^arn:aws[a-zA-Z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)$`)
)

// isAlias follows Lambda's rule for alias names: not all digits.
func isAlias(s string) bool { return only(word+"-", 128, s) && !only(digits, 128, s) }

// parseTarget reads which alias of which function, and through which role.
func (r *Request) parseTarget(f fields, home Home) {
	r.RoleARN = f.text("role-arn", "give a role's ARN, such as arn:aws:iam::123456789012:role/deployer", rolePattern.MatchString)
	r.ExternalID = f.text("external-id", "give 2 to 1224 letters, digits and +=,.@:/-", func(s string) bool {
		return len(s) >= 2 && only(word+"+=,.@:/-", 1224, s)
	})
	if r.ExternalID != "" && !f.has("role-arn") {
		r.warn("external-id has no meaning without role-arn")
	}
	if r.RoleARN != "" {
		home.Account = rolePattern.FindStringSubmatch(r.RoleARN)[1]
	}
	r.home = home

	const nameFix = "give a function's name or ARN"
	name := f.text("function-name", nameFix+", without a version or alias behind it", func(s string) bool {
		m := functionPattern.FindStringSubmatch(s)
		return m != nil && m[4] == ""
	})
	if name != "" {
		r.Plan.Function = functionPattern.FindStringSubmatch(name)[3]
		home.check(f, "function-name", name)
	} else if !f.has("function-name") {
		f.problems.missing("function-name", nameFix)
	}

	const aliasFix = "give an alias's name: letters, digits, - and _, not digits alone"
	alias, aliasName := f.text("alias", aliasFix, isAlias), f.text("alias-name", aliasFix, isAlias)
	switch {
	case alias != "" && aliasName != "" && alias != aliasName:
		f.refuse("alias-name", fmt.Sprintf("alias says %q, keep one of the two", alias))
	case !f.has("alias") && !f.has("alias-name"):
		f.problems.missing("alias", aliasFix)
	}
	r.Plan.Alias = alias + aliasName
	if alias != "" {
		r.Plan.Alias = alias
	}

	r.Plan.Alarms = parseAlarms(f, home)
	hooks := f.object("hooks", "pre-traffic", "post-traffic")
	r.Plan.PreTraffic = parseHook(hooks, "pre-traffic", home)
	r.Plan.PostTraffic = parseHook(hooks, "post-traffic", home)
}

// parseHook reads the name of a hook function.
func parseHook(hooks fields, key string, home Home) string {
	name := hooks.text(key, "give a function's name or ARN", functionPattern.MatchString)
	home.check(hooks, key, name)
	return name
}

// check refuses a function's ARN of another region or account.
func (h Home) check(f fields, key, name string) {
	m := functionPattern.FindStringSubmatch(name)
	if m == nil {
		return
	}
	if m[1] != "" && h.Region != "" && m[1] != h.Region {
		f.refuse(key, "this deployer works in "+h.Region+", call the one of that region")
	}
	if m[2] != "" && h.Account != "" && m[2] != h.Account {
		f.refuse(key, "this request works in account "+h.Account+", give the role-arn of a role in that account")
	}
}

// parseAlarms reads alarm names, each once, from names and ARNs.
func parseAlarms(f fields, home Home) []string {
	items := f.list("alarms")
	if len(items) > 100 {
		f.problems.add("alarms", len(items), "give at most 100 alarms, a composite alarm counts as one")
	}
	var names []string
	for i, item := range items {
		path := fmt.Sprintf("alarms[%d]", i)
		var name string
		if json.Unmarshal(item, &name) != nil || name == "" || len(name) > 1024 {
			f.problems.add(f.name(path), item, "give an alarm's name or ARN")
			continue
		}
		if m := alarmPattern.FindStringSubmatch(name); m != nil {
			if home.Region != "" && m[1] != home.Region || home.Account != "" && m[2] != home.Account {
				f.problems.add(f.name(path), item, "only alarms of the function's own region and account can be read")
			}
			name = m[3]
		}
		if len(name) > 255 {
			f.problems.add(f.name(path), item, "an alarm's name has at most 255 characters")
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// parseNewVersion reads a version as a string or number, or as an alias to resolve.
func (r *Request) parseNewVersion(f fields) {
	const fix = `give a published version, such as "2", or "@alias" for the version that alias points at`
	if !f.has("new-version") {
		if r.Action == Deploy || r.Action == Plan {
			f.problems.missing("new-version", fix)
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
