package request

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// deployerPoll is how often the deployer looks where neither the request nor another driver says how often.
const deployerPoll = 15 * time.Second

// parsePlan reads schedule, judgement and limits.
func (r *Request) parsePlan(f fields) {
	r.Plan.MaxDuration = f.duration("max-duration", 0, 0)
	r.parseSchedule(f)
	r.Plan.Health = parseHealth(f, r)
	r.Plan.HoldOnFailure = f.choice("on-failure", "rollback", "hold") == "hold"
	f.checkReason("force")
	r.Plan.Force = f.has("force")
	f.checkReason("emergency")
	r.checkAllowed(f)
	r.Plan.Poll = f.duration("poll-interval", time.Second, cmp.Or(f.home.Poll, deployerPoll))
	if r.Plan.Auto != nil {
		r.checkAuto(f)
	}
	r.checkDuration(f)
	if r.Action == Plan {
		unjudged(f, r.Plan)
	}
}

// checkDuration refuses a plan without the time for its holds, and warns where it has none for what is waited for beside them.
func (r *Request) checkDuration(f fields) {
	holds, limit := r.Plan.Duration(), r.Plan.MaxDuration
	if r.Plan.Auto != nil {
		holds = r.Plan.Auto.Target
	}
	switch takes := r.Plan.Takes(); {
	case holds > rollout.LongestPlan:
		f.problems.say("the plan takes longer than a year (%s): give fewer steps or shorter holds", rollout.LongestPlan)
	case !f.has("max-duration"):
	case r.Plan.Auto == nil && limit < holds+rollout.Overhead:
		f.refuse("max-duration", fmt.Sprintf("the holds of the plan are %s, give at least %s", holds, holds+rollout.Overhead))
	case limit < takes+rollout.Overhead && (r.Action == Deploy || r.Action == Plan):
		f.warn("max-duration is %s, and with what is waited for beside its holds the plan takes %s: what was not seen when the time is up is no data, give at least %s", limit, takes, takes+rollout.Overhead)
	}
}

// The types of schedule.
const (
	typeLinear      = "linear"
	typeCanary      = "canary"
	typeExponential = "exponential"
	typeAllAtOnce   = "all-at-once"
	typeStages      = "stages"
	typeAuto        = "auto"
)

// parseSchedule reads the steps. Keys that the chosen type does not look at are warnings.
func (r *Request) parseSchedule(f fields) {
	kind, strategy := parseType(f)
	interval := f.duration("interval", 0, time.Minute)
	steps := f.whole("steps", 1, 1000, 10)
	first := rollout.Weight(10_00)
	if kind == typeExponential {
		first = 1_00
	}
	weight := f.weight("weight", rollout.Full-1, first)
	stages, bake := parseStages(f, interval), interval
	switch {
	case strategy != nil:
		r.Plan.Steps, bake = strategy, 0
		warnUnused(f, "a strategy string", "interval", "steps", "weight", "stages")
	case kind == typeCanary:
		r.Plan.Steps = canary(weight, interval)
		warnUnused(f, kind, "steps", "stages")
	case kind == typeExponential:
		r.Plan.Steps = rollout.Exponential(weight, steps, interval)
		warnUnused(f, kind, "stages")
	case kind == typeAllAtOnce:
		r.Plan.Steps = []rollout.Step{{Weight: rollout.Full}}
		warnUnused(f, kind, "steps", "weight", "stages")
	case kind == typeStages:
		if len(stages) == 0 && !f.has("stages") {
			f.missing("stages", `type "stages" wants a list of {"weight": percent, "hold": duration, "approve": bool}`)
			return
		}
		if len(stages) == 0 {
			return
		}
		r.Plan.Steps, bake = stages, stages[len(stages)-1].Hold
		warnUnused(f, kind, "steps", "weight")
	case kind == typeAuto && !f.has("emergency"):
		r.Plan.Auto = parseAuto(f, interval, r.Plan.MaxDuration)
		warnUnused(f, kind, "steps", "weight", "stages")
		return
	default:
		r.Plan.Steps = rollout.Linear(steps, interval)
		warnUnused(f, kind, "weight", "stages")
	}
	if f.has("emergency") {
		r.Plan.Steps, r.Plan.Emergency = []rollout.Step{{Weight: rollout.Full}}, true
	}
	r.Plan.Steps[len(r.Plan.Steps)-1].Hold = f.duration("bake", 0, bake)
}

// parseType reads the name of a type, or the steps of a strategy string.
func parseType(f fields) (kind string, strategy []rollout.Step) {
	kinds := []string{typeLinear, typeCanary, typeExponential, typeAllAtOnce, typeStages, typeAuto}
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
func parseStages(f fields, interval time.Duration) []rollout.Step {
	const most, form = 1000, `give {"weight": percent, "hold": duration, "approve": bool}`
	items := f.list("stages", most)
	if items != nil && len(items) == 0 {
		f.refuse("stages", fmt.Sprintf("give 1 to %d stages", most))
	}
	var steps []rollout.Step
	for i, item := range items {
		stage := f.readObject(f.element("stages", i), item, form, "weight", "hold", "approve")
		step := rollout.Step{Weight: stage.weight("weight", rollout.Full, 0), Hold: stage.duration("hold", 0, interval), Approve: stage.boolean("approve")}
		if !stage.has("weight") {
			stage.missing("weight", "give the stage's percentage")
		}
		if len(steps) > 0 && step.Weight != 0 && step.Weight <= steps[len(steps)-1].Weight {
			stage.refuse("weight", fmt.Sprintf("give more than the %s of the stage before", steps[len(steps)-1].Weight))
		}
		steps = append(steps, step)
	}
	if len(steps) > 0 && steps[len(steps)-1].Weight < rollout.Full {
		steps = append(steps, rollout.Step{Weight: rollout.Full, Hold: interval})
	}
	return steps
}

// warnUnused warns of keys without a meaning for the chosen type.
func warnUnused(f fields, kind string, keys ...string) {
	for _, key := range keys {
		if f.has(key) {
			f.warn("%s has no meaning for %s", key, kind)
		}
	}
}

// checkReason wants {"reason": text}; the text is for the log, which has the whole request.
func (f fields) checkReason(key string) {
	inner := f.object(key, `give {"reason": "…"}, the reason is for the log`, "reason")
	if f.has(key) && !inner.has("reason") && len(inner.values) == 0 {
		inner.missing("reason", "say why, for the log")
	}
	inner.text("reason", "say why, for the log, in at most 200 characters", func(s string) bool {
		return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= 200
	})
}
