package scenario

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// moment is a duration, written as "2m30s".
type moment time.Duration

// UnmarshalJSON reads a Go duration string.
func (m *moment) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf(`%s is no duration: give one with its unit, such as "2m30s"`, raw)
	}
	d, err := time.ParseDuration(text)
	*m = moment(d)
	return err
}

// curve is a figure that changes at moments, written as a number or as a list of {"from": duration, "is": number}.
type curve sim.Curve

// UnmarshalJSON reads a number, or a list of {"from": duration, "is": number}.
func (c *curve) UnmarshalJSON(raw []byte) error {
	var constant float64
	if json.Unmarshal(raw, &constant) == nil {
		*c = curve(sim.Constant(constant))
		return nil
	}
	var points []struct {
		From moment  `json:"from"`
		Is   float64 `json:"is"`
	}
	if err := strictly(raw, &points); err != nil {
		return fmt.Errorf(`%s is no figure: give a number, or a list such as [{"from": "2m", "is": 0.5}] (%w)`, raw, err)
	}
	for i, p := range points {
		if i > 0 && p.From <= points[i-1].From {
			return fmt.Errorf(`%s is no figure: "from" has to rise`, raw)
		}
		*c = append(*c, sim.Point{From: time.Duration(p.From), Value: p.Is})
	}
	return nil
}
