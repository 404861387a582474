package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

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
