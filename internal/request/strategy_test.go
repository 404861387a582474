package request

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

func TestStrategies(t *testing.T) {
	tests := []struct {
		keys string
		want string // weight/hold …
	}{
		{`"type": "linear", "steps": 3, "interval": 60`, "33.33/1m0s 66.67/1m0s 100/1m0s"},
		{`"type": "linear", "steps": 1, "interval": 0`, "100/0s"},
		{`"type": "linear", "steps": 4.0, "interval": "90s", "bake": 0`, "25/1m30s 50/1m30s 75/1m30s 100/0s"},
		{`"type": "canary"`, "10/1m0s 100/1m0s"},
		{`"type": "canary", "weight": 0.01, "interval": 300, "bake": "10m"`, "0.01/5m0s 100/10m0s"},
		{`"type": "exponential", "steps": 3, "interval": 10`, "1/10s 10/10s 100/10s"},
		{`"type": "exponential", "steps": 1`, "100/1m0s"},
		{`"type": "exponential", "steps": 2, "weight": 99.99, "interval": 1`, "99.99/1s 100/1s"},
		{`"type": "exponential", "steps": 5, "weight": 99.98, "interval": 1`, "99.98/1s 99.99/1s 100/1s"},
		{`"type": "all-at-once", "interval": 5`, "100/5s"},
		{`"type": "stages", "interval": 7, "stages": [{"weight": 5, "hold": "2m"}, {"weight": 50}]`, "5/2m0s 50/7s 100/7s"},
		{`"type": "stages", "stages": [{"weight": 5, "approve": true}, {"weight": 100, "hold": 30}]`, "5/1m0s/approve 100/30s"},
		{`"type": "stages", "bake": 1, "stages": [{"weight": 100, "hold": 30}]`, "100/1s"},
		{`"type": "Canary10Percent5Minutes"`, "10/5m0s 100/0s"},
		{`"type": "CodeDeployDefault.LambdaCanary10Percent30Minutes"`, "10/30m0s 100/0s"},
		{`"type": "LambdaCanary0.01Percent0Minutes", "bake": 9`, "0.01/0s 100/9s"},
		{`"type": "Linear30PercentEvery1Minute"`, "30/1m0s 60/1m0s 90/1m0s 100/0s"},
		{`"type": "CodeDeployDefault.LambdaLinear50PercentEvery10Minutes"`, "50/10m0s 100/0s"},
		{`"type": "AllAtOnce"`, "100/0s"},
		{`"type": "CodeDeployDefault.LambdaAllAtOnce"`, "100/0s"},
		{`"type": "canary", "emergency": {"reason": "outage"}, "bake": 3`, "100/3s"},
	}
	for _, tt := range tests {
		t.Run(tt.keys, func(t *testing.T) {
			var got []string
			for _, s := range parse(t, with(tt.keys)).Plan.Steps {
				text := fmt.Sprintf("%s/%s", s.Weight, s.Hold)
				if s.Approve {
					text += "/approve"
				}
				got = append(got, text)
			}
			assert.Equal(t, tt.want, strings.Join(got, " "))
		})
	}
}

// CodeDeploy's nine names: docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.
func TestCodeDeploysOwnNames(t *testing.T) {
	for name, duration := range map[string]time.Duration{
		"Canary10Percent5Minutes": 5 * time.Minute, "Canary10Percent10Minutes": 10 * time.Minute,
		"Canary10Percent15Minutes": 15 * time.Minute, "Canary10Percent30Minutes": 30 * time.Minute,
		"Linear10PercentEvery1Minute": 9 * time.Minute, "Linear10PercentEvery2Minutes": 18 * time.Minute,
		"Linear10PercentEvery3Minutes": 27 * time.Minute, "Linear10PercentEvery10Minutes": 90 * time.Minute, "AllAtOnce": 0,
	} {
		r := parse(t, with(`"type": "CodeDeployDefault.Lambda`+name+`"`))
		assert.Equal(t, duration, r.Plan.Duration(), name)
	}
}

func TestEveryLinearPlanRisesExactlyToFull(t *testing.T) {
	for steps := 1; steps <= 1000; steps++ {
		plan := rollout.Linear(steps, 0)
		require.Equal(t, rollout.Full, plan[len(plan)-1].Weight)
		require.Len(t, plan, steps)
		for i, s := range plan {
			require.Positive(t, s.Weight)
			require.True(t, i == 0 || s.Weight > plan[i-1].Weight)
		}
	}
}
