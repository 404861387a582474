package rollout

import (
	"math"
	"time"
)

// Linear is i/steps for i = 1…steps.
func Linear(steps int, hold time.Duration) []Step {
	plan := make([]Step, 0, steps)
	for i := 1; i <= steps; i++ {
		plan = rise(plan, Weight(math.Round(float64(Full)*float64(i)/float64(steps))), hold)
	}
	return plan
}

// Exponential grows from weight by a constant factor to everything in so many steps.
func Exponential(weight Weight, steps int, hold time.Duration) []Step {
	var plan []Step
	for i := range steps - 1 {
		growth := math.Pow(float64(Full)/float64(weight), float64(i)/float64(steps-1))
		plan = rise(plan, Weight(math.Round(float64(weight)*growth)), hold)
	}
	return rise(plan, Full, hold)
}

// rise appends a step unless rounding has merged it with the one before.
func rise(plan []Step, w Weight, hold time.Duration) []Step {
	if w == 0 || len(plan) > 0 && plan[len(plan)-1].Weight >= w {
		return plan
	}
	return append(plan, Step{Weight: w, Hold: hold})
}
