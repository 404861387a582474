package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheWeightBefore(t *testing.T) {
	p := Plan{Steps: []Step{{Weight: 10_00}, {Weight: 50_00}, {Weight: Full}}}
	for w, want := range map[Weight]Weight{0: 0, 10_00: 0, 50_00: 10_00, Full: 50_00, 30_00: 30_00} {
		assert.Equal(t, want, p.Before(w), "at %s %%", w)
	}
	assert.Equal(t, Full, Plan{}.Before(Full), "nobody knows")
}

func TestARolloutEndsWithItsDriverOrItsPlan(t *testing.T) {
	j := journal()
	at := func(d time.Duration) time.Time { return began.Add(d) }
	hour := Plan{MaxDuration: time.Hour}
	assert.Zero(t, Plan{}.End(&j, time.Time{}))
	assert.Equal(t, at(time.Minute), Plan{}.End(&j, at(time.Minute)))
	assert.Equal(t, at(time.Hour), hour.End(&j, time.Time{}))
	assert.Equal(t, at(time.Hour), hour.End(&j, at(2*time.Hour)))
	assert.Equal(t, at(time.Minute), hour.End(&j, at(time.Minute)))
	assert.Equal(t, at(2*time.Hour), hour.End(nil, at(2*time.Hour)), "nothing has begun")
}
