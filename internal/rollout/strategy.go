package rollout

import (
	"math"
	"strconv"
	"time"
)

// linear is i/steps for i = 1…steps.
func linear(steps int, hold time.Duration) []Step {
	plan := make([]Step, 0, steps)
	for i := 1; i <= steps; i++ {
		plan = rise(plan, Weight(math.Round(float64(Full)*float64(i)/float64(steps))), hold)
	}
	return plan
}

// canary is one small weight, then everything.
func canary(weight Weight, hold time.Duration) []Step {
	return []Step{{Weight: weight, Hold: hold}, {Weight: Full}}
}

// exponential grows from weight by a constant factor to everything in so many steps.
func exponential(weight Weight, steps int, hold time.Duration) []Step {
	var plan []Step
	for i := range steps - 1 {
		growth := math.Pow(float64(Full)/float64(weight), float64(i)/float64(steps-1))
		plan = rise(plan, Weight(math.Round(float64(weight)*growth)), hold)
	}
	return rise(plan, Full, hold)
}

// linearBy adds an increment per step; the last step is shorter where it does not divide everything.
func linearBy(increment Weight, hold time.Duration) []Step {
	var plan []Step
	for w := increment; w < Full; w += increment {
		plan = append(plan, Step{Weight: w, Hold: hold})
	}
	return append(plan, Step{Weight: Full})
}

// rise appends a step unless rounding has merged it with the one before.
func rise(plan []Step, w Weight, hold time.Duration) []Step {
	if w == 0 || len(plan) > 0 && plan[len(plan)-1].Weight >= w {
		return plan
	}
	return append(plan, Step{Weight: w, Hold: hold})
}

// strategyPattern is CodeDeploy's and CodePipeline's way to write a strategy:
// docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html. CodeDeploy's predefined names have a
// prefix, CodePipeline's Lambda action takes any numbers.
var strategyPattern = lazily(`^(?:(?:CodeDeployDefault\.)?Lambda)?(?:(AllAtOnce)|(Canary|Linear)(\d+(?:\.\d+)?)Percent(Every)?(\d+(?:\.\d+)?)Minutes?)$`)

// parseStrategy reads a strategy string; it is false for any other text.
func parseStrategy(text string) ([]Step, bool) {
	m := strategyPattern.FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	if m[1] != "" {
		return []Step{{Weight: Full}}, true
	}
	percent, err := strconv.ParseFloat(m[3], 64)
	weight, exact := WeightOf(percent)
	minutes, minutesErr := strconv.ParseFloat(m[5], 64)
	every := m[4] != ""
	if err != nil || minutesErr != nil || !exact || weight == 0 || weight == Full || minutes > maxDuration.Minutes() || every != (m[2] == "Linear") {
		return nil, false
	}
	hold := time.Duration(minutes * float64(time.Minute))
	if every {
		return linearBy(weight, hold), true
	}
	return canary(weight, hold), true
}
