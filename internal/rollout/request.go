package rollout

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Action is what a request asks for.
type Action string

// The actions.
const (
	Deploy   Action = "deploy"
	Preview  Action = "plan"
	Status   Action = "status"
	Rollback Action = "rollback"
	Promote  Action = "promote"
	Pause    Action = "pause"
	Resume   Action = "resume"
)

// rehearse is an action of the contract that this version refuses.
const rehearse = "rehearse"

// Request is a checked request.
type Request struct {
	Action Action
	// Function is the bare name, whatever form the request gave.
	Function string
	Alias    string
	// NewVersion is a version's number; "" where the request names none, or names it by CandidateAlias.
	NewVersion string
	// CandidateAlias is the alias whose version is the new one, from "@candidate".
	CandidateAlias string
	Plan           Plan
	// RoleARN and ExternalID are the role to work through, "" for the deployer's own.
	RoleARN, ExternalID string
	// Warnings are what the request says without effect.
	Warnings []string
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
	if len(f.values) == 0 && len(p.texts) > 0 {
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
	action := f.choice("action", string(Deploy), string(Preview), string(Status), string(Rollback), string(Promote),
		string(Pause), string(Resume), rehearse)
	if action == rehearse {
		f.refuse("action", "not in this version: deploy, plan, status, rollback, promote, pause and resume work")
	}
	return Action(action)
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
	functionPattern = regexp.MustCompile(`^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2,5}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9_-]{1,64})(?::(\$LATEST|[a-zA-Z0-9_-]+))?$`)
	aliasPattern    = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
	digitsPattern   = regexp.MustCompile(`^[0-9]+$`)
	versionPattern  = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)
	rolePattern     = regexp.MustCompile(`^arn:aws[a-zA-Z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}$`)
	externalPattern = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
	alarmPattern    = regexp.MustCompile(`^arn:aws[a-zA-Z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)$`)
)

// isAlias follows Lambda's rule for alias names: not all digits.
func isAlias(s string) bool { return aliasPattern.MatchString(s) && !digitsPattern.MatchString(s) }

// parseTarget reads which alias of which function, and through which role.
func (r *Request) parseTarget(f fields, home Home) {
	r.RoleARN = f.text("role-arn", "give a role's ARN, such as arn:aws:iam::123456789012:role/deployer", rolePattern.MatchString)
	r.ExternalID = f.text("external-id", "give 2 to 1224 letters, digits and +=,.@:/-", func(s string) bool {
		return len(s) >= 2 && len(s) <= 1224 && externalPattern.MatchString(s)
	})
	if r.ExternalID != "" && !f.has("role-arn") {
		r.warn("external-id has no meaning without role-arn")
	}
	if r.RoleARN != "" {
		home.Account = rolePattern.FindStringSubmatch(r.RoleARN)[1]
	}

	const nameFix = "give a function's name or ARN"
	name := f.text("function-name", nameFix+", without a version or alias behind it", func(s string) bool {
		m := functionPattern.FindStringSubmatch(s)
		return m != nil && m[4] == ""
	})
	if name != "" {
		r.Function = functionPattern.FindStringSubmatch(name)[3]
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
	r.Alias = alias + aliasName
	if alias != "" {
		r.Alias = alias
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
		if r.Action == Deploy || r.Action == Preview {
			f.problems.missing("new-version", fix)
		}
		return
	}
	text := f.numberOrText("new-version")
	candidate, isCandidate := strings.CutPrefix(text, "@")
	switch {
	case isCandidate && isAlias(candidate) && candidate != r.Alias:
		r.CandidateAlias = candidate
	case isCandidate && candidate == r.Alias && candidate != "":
		f.refuse("new-version", "name another alias than the one to shift")
	case strings.HasPrefix(text, "$LATEST"):
		f.refuse("new-version", "publish a version first (aws lambda publish-version) and give its number")
	case versionPattern.MatchString(text):
		r.NewVersion = text
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

// parsePlan reads schedule, judgement and limits.
func (r *Request) parsePlan(f fields) {
	r.parseSchedule(f)
	r.Plan.Health = parseHealth(f, r)
	r.Plan.HoldOnFailure = f.choice("on-failure", "rollback", "hold") == "hold"
	f.checkReason("force")
	r.Plan.Force = f.has("force")
	f.checkReason("emergency")

	duration := r.Plan.Duration()
	if duration > maxDuration || duration < 0 {
		f.problems.texts = append(f.problems.texts, fmt.Sprintf("the plan takes longer than a year (%s): give fewer steps or shorter holds", maxDuration))
	}
	r.Plan.Poll = f.duration("poll-interval", time.Second, defaultPoll(duration))

	const slack = 10 * time.Second
	r.Plan.MaxDuration = f.duration("max-duration", 0, 0)
	if f.has("max-duration") && r.Plan.MaxDuration < duration+slack {
		f.refuse("max-duration", fmt.Sprintf("the plan takes %s, give at least %s", duration, duration+slack))
	}
	if f.has("days") {
		f.whole("days", 1, 14, 3)
		r.warn("days has a meaning for action rehearse only")
	}
}

// defaultPoll is 15 s, stretched to a thousandth of a long plan, at most 5 minutes.
func defaultPoll(plan time.Duration) time.Duration {
	return min(max(15*time.Second, (plan/1000).Truncate(time.Second)), 5*time.Minute)
}

// The types of schedule.
const (
	typeLinear      = "linear"
	typeCanary      = "canary"
	typeExponential = "exponential"
	typeAllAtOnce   = "all-at-once"
	typeStages      = "stages"
)

// parseSchedule reads the steps. Keys that the chosen type does not look at are warnings.
func (r *Request) parseSchedule(f fields) {
	kind, strategy := parseType(f)
	interval := f.duration("interval", 0, time.Minute)
	steps := f.whole("steps", 1, 1000, 10)
	first := Weight(10_00)
	if kind == typeExponential {
		first = 1_00
	}
	weight := f.weight("weight", Full-1, first)
	stages, bake := parseStages(f, interval), interval
	switch {
	case strategy != nil:
		r.Plan.Steps, bake = strategy, 0
		r.warnUnused(f, "a strategy string", "interval", "steps", "weight", "stages")
	case kind == typeCanary:
		r.Plan.Steps = canary(weight, interval)
		r.warnUnused(f, kind, "steps", "stages")
	case kind == typeExponential:
		r.Plan.Steps = exponential(weight, steps, interval)
		r.warnUnused(f, kind, "stages")
	case kind == typeAllAtOnce:
		r.Plan.Steps = []Step{{Weight: Full}}
		r.warnUnused(f, kind, "steps", "weight", "stages")
	case kind == typeStages:
		if len(stages) == 0 && !f.has("stages") {
			f.problems.missing("stages", `type "stages" wants a list of {"weight": percent, "hold": duration, "approve": bool}`)
			return
		}
		if len(stages) == 0 {
			return
		}
		r.Plan.Steps, bake = stages, stages[len(stages)-1].Hold
		r.warnUnused(f, kind, "steps", "weight")
	default:
		r.Plan.Steps = linear(steps, interval)
		r.warnUnused(f, kind, "weight", "stages")
	}
	if f.has("emergency") {
		r.Plan.Steps, r.Plan.Emergency = []Step{{Weight: Full}}, true
	}
	r.Plan.Steps[len(r.Plan.Steps)-1].Hold = f.duration("bake", 0, bake)
}

// parseType reads the name of a type, or the steps of a strategy string.
func parseType(f fields) (kind string, strategy []Step) {
	kinds := []string{typeLinear, typeCanary, typeExponential, typeAllAtOnce, typeStages}
	kind = f.text("type", "give "+strings.Join(kinds, ", ")+", or a strategy string such as Canary10Percent5Minutes, Linear10PercentEvery1Minute or AllAtOnce",
		func(s string) bool {
			steps, ok := parseStrategy(s)
			strategy = steps
			return ok || slices.Contains(kinds, s)
		})
	if kind == "" {
		kind = typeLinear
	}
	return kind, strategy
}

// parseStages reads explicit stages, strictly rising, and adds the final one where it is missing.
func parseStages(f fields, interval time.Duration) []Step {
	items := f.list("stages")
	if f.has("stages") && (len(items) == 0 || len(items) > 1000) {
		f.refuse("stages", "give 1 to 1000 stages")
	}
	var steps []Step
	for i, item := range items {
		stage := readObject(fmt.Sprintf("stages[%d]", i), item, f.problems, "weight", "hold", "approve")
		step := Step{Weight: stage.weight("weight", Full, 0), Hold: stage.duration("hold", 0, interval), Approve: stage.boolean("approve")}
		if !stage.has("weight") {
			f.problems.missing(stage.name("weight"), "give the stage's percentage")
		}
		if len(steps) > 0 && step.Weight != 0 && step.Weight <= steps[len(steps)-1].Weight {
			stage.refuse("weight", fmt.Sprintf("give more than the %s of the stage before", steps[len(steps)-1].Weight))
		}
		steps = append(steps, step)
	}
	if len(steps) > 0 && steps[len(steps)-1].Weight < Full {
		steps = append(steps, Step{Weight: Full, Hold: interval})
	}
	return steps
}

// warnUnused warns of keys without a meaning for the chosen type.
func (r *Request) warnUnused(f fields, kind string, keys ...string) {
	for _, key := range keys {
		if f.has(key) {
			r.warn(fmt.Sprintf("%s has no meaning for %s", key, kind))
		}
	}
}

func (r *Request) warn(text string) { r.Warnings = append(r.Warnings, text) }

// checkReason wants {"reason": text}; the text is for the log, which has the whole request.
func (f fields) checkReason(key string) {
	inner := f.object(key, "reason")
	if f.has(key) && !inner.has("reason") && len(inner.values) == 0 {
		f.problems.missing(inner.name("reason"), "say why, for the log")
	}
	inner.text("reason", "say why, for the log, in at most 200 characters", func(s string) bool {
		return strings.TrimSpace(s) != "" && len([]rune(s)) <= 200
	})
}

// parseHealth reads health-check: true, false or the object.
func parseHealth(f fields, r *Request) analysis.Health {
	var on bool
	raw := f.values["health-check"]
	if len(raw) == 0 {
		return analysis.Health{}
	}
	if json.Unmarshal(raw, &on) == nil {
		return analysis.Health{Off: !on}
	}
	if raw[0] != '{' {
		f.refuse("health-check", `give true, false or an object such as {"errors": "any"}, without quotes around it`)
		return analysis.Health{}
	}
	h := f.object("health-check", "errors", "latency", "throttles", "metrics", "function", "probes", "min-invocations",
		"on-no-data", "max-failed-invocations", "false-alarm-rate")
	health := analysis.Health{MinInvocations: h.whole("min-invocations", 0, 1_000_000_000, 0)}
	health.Errors, health.MaxRate = parseErrors(h)
	policies := map[string]NoDataPolicy{"advance": AdvanceOnNoData, "hold": HoldOnNoData, "rollback": RollbackOnNoData}
	r.Plan.OnNoData = policies[h.choice("on-no-data", "advance", "hold", "rollback")]
	refuseUnbuiltChecks(h)
	if h.has("false-alarm-rate") {
		h.share("false-alarm-rate", 0, 0.5)
		r.warn(`health-check.false-alarm-rate has a meaning for errors "compare" only, which is not in this version`)
	}
	return health
}

// parseErrors reads the error rule.
func parseErrors(h fields) (analysis.ErrorRule, float64) {
	const works = `"any", {"max-rate": 0.01} and "off" work`
	raw := h.values["errors"]
	if len(raw) > 0 && raw[0] == '{' {
		rule := h.object("errors", "max-rate")
		if !rule.has("max-rate") {
			h.problems.missing(rule.name("max-rate"), "give the highest tolerated share of failed invocations, such as 0.01")
		}
		rate, ok := rule.number("max-rate")
		if rule.has("max-rate") && (!ok || rate < 0 || rate >= 1) {
			rule.refuse("max-rate", "give a share from 0 up to, not including, 1, such as 0.01 for 1 %")
		}
		return analysis.ErrorsMaxRate, rate
	}
	word := h.text("errors", works, func(s string) bool { return s == "any" || s == "off" || s == "compare" })
	switch word {
	case "compare":
		h.refuse("errors", "not in this version: "+works)
	case "off":
		return analysis.ErrorsOff, 0
	}
	return analysis.ErrorsAny, 0
}

// refuseUnbuiltChecks refuses the checks that this version does not make; a value that asks for none is fine.
func refuseUnbuiltChecks(h fields) {
	const works = `not in this version: "off" or leaving it out works; errors, min-invocations, on-no-data and alarms judge the rollout`
	for _, key := range []string{"latency", "throttles"} {
		if h.has(key) && string(h.values[key]) != `"off"` {
			h.refuse(key, works)
		}
	}
	for _, key := range []string{"metrics", "probes"} {
		if h.has(key) && len(h.list(key)) > 0 {
			h.refuse(key, strings.Replace(works, `"off"`, "[]", 1))
		}
	}
	for _, key := range []string{"function", "max-failed-invocations"} {
		if h.has(key) {
			h.refuse(key, strings.Replace(works, `"off" or `, "", 1))
		}
	}
}
