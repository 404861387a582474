package request

import (
	"strconv"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// canary is one small weight, then everything.
func canary(weight rollout.Weight, hold time.Duration) []rollout.Step {
	return []rollout.Step{{Weight: weight, Hold: hold}, {Weight: rollout.Full}}
}

// linearBy adds an increment per step; the last step is shorter where it does not divide everything.
func linearBy(increment rollout.Weight, hold time.Duration) []rollout.Step {
	var plan []rollout.Step
	for w := increment; w < rollout.Full; w += increment {
		plan = append(plan, rollout.Step{Weight: w, Hold: hold})
	}
	return append(plan, rollout.Step{Weight: rollout.Full})
}

// strategyPattern is CodeDeploy's and CodePipeline's way to write a strategy:
// docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html. CodeDeploy's predefined names have a
// prefix, CodePipeline's Lambda action takes any numbers.
var strategyPattern = lazyregexp.New(`^(?:(?:CodeDeployDefault\.)?Lambda)?(?:(AllAtOnce)|(Canary|Linear)(\d+(?:\.\d+)?)Percent(Every)?(\d+(?:\.\d+)?)Minutes?)$`)

// parseStrategy reads a strategy string; it is false for any other text.
func parseStrategy(text string) ([]rollout.Step, bool) {
	m := strategyPattern.FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	if m[1] != "" {
		return []rollout.Step{{Weight: rollout.Full}}, true
	}
	percent, err := strconv.ParseFloat(m[3], 64)
	weight, exact := weightOf(percent)
	minutes, minutesErr := strconv.ParseFloat(m[5], 64)
	every := m[4] != ""
	if err != nil || minutesErr != nil || !exact || weight == rollout.Full || minutes > rollout.LongestPlan.Minutes() || every != (m[2] == "Linear") {
		return nil, false
	}
	hold := time.Duration(minutes * float64(time.Minute))
	if every {
		return linearBy(weight, hold), true
	}
	return canary(weight, hold), true
}
