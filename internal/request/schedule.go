package request

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// parsePlan reads schedule, judgement and limits.
func (r *Request) parsePlan(f fields) {
	r.Plan.MaxDuration = f.duration("max-duration", 0, 0)
	r.parseSchedule(f)
	r.Plan.Health = parseHealth(f, r)
	r.Plan.HoldOnFailure = f.choice("on-failure", "rollback", "hold") == "hold"
	f.checkReason("force")
	r.Plan.Force = f.has("force")
	f.checkReason("emergency")

	duration := r.Plan.Duration()
	if r.Plan.Auto != nil {
		duration = r.Plan.Auto.Target
	}
	r.Plan.Poll = f.duration("poll-interval", time.Second, defaultPoll(duration))
	if r.Plan.Auto != nil {
		r.checkAuto(f)
		duration = r.Plan.Auto.Target
	}
	if duration > rollout.LongestPlan || duration < 0 {
		f.problems.texts = append(f.problems.texts, fmt.Sprintf("the plan takes longer than a year (%s): give fewer steps or shorter holds", rollout.LongestPlan))
	}
	if f.has("max-duration") && r.Plan.Auto == nil && r.Plan.MaxDuration < duration+rollout.Overhead {
		f.refuse("max-duration", fmt.Sprintf("the plan takes %s, give at least %s", duration, duration+rollout.Overhead))
	}
	r.Days = f.whole("days", 1, 14, 3)
	if f.has("days") && r.Action != Rehearse {
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
		r.warnUnused(f, "a strategy string", "interval", "steps", "weight", "stages")
	case kind == typeCanary:
		r.Plan.Steps = canary(weight, interval)
		r.warnUnused(f, kind, "steps", "stages")
	case kind == typeExponential:
		r.Plan.Steps = rollout.Exponential(weight, steps, interval)
		r.warnUnused(f, kind, "stages")
	case kind == typeAllAtOnce:
		r.Plan.Steps = []rollout.Step{{Weight: rollout.Full}}
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
	case kind == typeAuto && !f.has("emergency"):
		r.Plan.Auto = parseAuto(f, interval, r.Plan.MaxDuration)
		r.warnUnused(f, kind, "steps", "weight", "stages")
		return
	default:
		r.Plan.Steps = rollout.Linear(steps, interval)
		r.warnUnused(f, kind, "weight", "stages")
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
	items := f.list("stages")
	if f.has("stages") && (len(items) == 0 || len(items) > 1000) {
		f.refuse("stages", "give 1 to 1000 stages")
	}
	var steps []rollout.Step
	for i, item := range items {
		stage := readObject(fmt.Sprintf("stages[%d]", i), item, f.problems, "weight", "hold", "approve")
		step := rollout.Step{Weight: stage.weight("weight", rollout.Full, 0), Hold: stage.duration("hold", 0, interval), Approve: stage.boolean("approve")}
		if !stage.has("weight") {
			f.problems.missing(stage.name("weight"), "give the stage's percentage")
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
