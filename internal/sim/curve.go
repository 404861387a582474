package sim

import "time"

// Curve is a figure that changes at moments. The zero Curve is 0 for ever.
type Curve []Point

// Point is what a figure is from a moment on.
type Point struct {
	From  time.Duration
	Value float64
}

// Constant is a figure that never changes.
func Constant(value float64) Curve { return Curve{{Value: value}} }

// at is the figure at a moment.
func (c Curve) at(t time.Duration) float64 {
	value := 0.0
	for _, p := range c {
		if p.From > t {
			break
		}
		value = p.Value
	}
	return value
}

// next is when the figure changes after a moment.
func (c Curve) next(t time.Duration) time.Duration {
	for _, p := range c {
		if p.From > t {
			return p.From
		}
	}
	return forever
}
