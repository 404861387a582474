package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// auto is a request of type auto with a budget and more keys.
func auto(more string) string {
	return with(`"type": "auto", "health-check": {"max-failed-invocations": 10}` + more)
}

func TestWhatTypeAutoIsToldByARequest(t *testing.T) {
	for name, tt := range map[string]struct {
		more string
		want rollout.Auto
	}{
		"nothing":                      {"", rollout.Auto{Target: 14 * time.Minute, Bake: 150 * time.Second}},
		"an interval, and so the bake": {`, "interval": 300`, rollout.Auto{Target: 14 * time.Minute, Hold: 5 * time.Minute, Bake: 5 * time.Minute}},
		"a bake":                       {`, "interval": 300, "bake": 0`, rollout.Auto{Target: 14 * time.Minute, Hold: 5 * time.Minute}},
		"an hour":                      {`, "max-duration": "1h"`, rollout.Auto{Target: time.Hour - 10*time.Second, Bake: 150 * time.Second}},
		"as little as it needs":        {`, "max-duration": 295`, rollout.Auto{Target: 285 * time.Second, Bake: 150 * time.Second}},
		"steps longer than it has":     {`, "interval": "1h"`, rollout.Auto{Target: 2 * time.Hour, Hold: time.Hour, Bake: time.Hour}},
	} {
		assert.Equal(t, tt.want, *parse(t, auto(tt.more)).Plan.Auto, name)
	}
}

func TestTheScheduleOfTypeAutoIsThatOfAnAliasWithoutTraffic(t *testing.T) {
	p := parse(t, auto("")).Plan
	assert.Equal(t, p.For(rollout.Traffic{}), p)
	assert.Len(t, p.Steps, 5)
	assert.Equal(t, 10.0, p.Health.MaxFailed)
}

// A schedule is the same for every driver: by looks every 15 s, whatever poll-interval says.
func TestPollIntervalDoesNotChangeTheScheduleOfTypeAuto(t *testing.T) {
	for _, traffic := range []rollout.Traffic{{}, {PerSecond: 20}} {
		slow, fast := parse(t, auto(`, "poll-interval": 60`)).Plan, parse(t, auto("")).Plan
		assert.Equal(t, time.Minute, slow.Poll)
		assert.Equal(t, fast.For(traffic).Steps, slow.For(traffic).Steps)
	}
	assert.Contains(t, refusals(t, auto(`, "interval": 134`))[0], "interval is 134: type auto has to see a step before it goes on, give at least 2m15s")
	parse(t, auto(`, "interval": 135, "poll-interval": 3600`))
}

func TestKeysWithoutAMeaningForTypeAuto(t *testing.T) {
	r := parse(t, auto(`, "steps": 3, "weight": 5, "stages": [{"weight": 1}]`))
	assert.Equal(t, []string{"steps has no meaning for auto", "weight has no meaning for auto", "stages has no meaning for auto"}, r.Warnings)
}

func TestAnEmergencyNeedsNoSchedule(t *testing.T) {
	r := parse(t, with(`"type": "auto", "emergency": {"reason": "outage"}`))
	assert.Nil(t, r.Plan.Auto)
	assert.True(t, r.Plan.Emergency)
	assert.Equal(t, []rollout.Step{{Weight: rollout.Full, Hold: time.Minute}}, r.Plan.Steps)
	assert.Empty(t, r.Warnings)
}
