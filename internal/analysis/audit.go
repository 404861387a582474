package analysis

import (
	"fmt"
	"strings"
	"time"
)

// auditTrail lists what a metric's test was fed, so that its decision can be repeated: with the history of errors, see
// FormatHistory.
func (c compared) auditTrail(what string) string {
	const most = 60
	blocks := c.blocks
	shown := blocks[max(0, len(blocks)-most):]
	minutes := make([]string, len(shown))
	for i, b := range shown {
		minutes[i] = b.String()
	}
	which := "by minute"
	if len(shown) < len(blocks) {
		which = fmt.Sprintf("by minute, the last %d of %d", len(shown), len(blocks))
	}
	return fmt.Sprintf("%s, %s/called of the new and of the old version: %s; D %s, %s; alpha %s",
		which, what, strings.Join(minutes, ", "), figure(c.history.dispersion()), c.yardstick(), figure(c.params.Alpha))
}

// yardstick is what besides the old version's minutes beside it the new version is judged by.
func (c compared) yardstick() string {
	if c.learnt != nil {
		text := c.learnt.String()
		if c.history.Kept < c.params.MinKept {
			text += ", which is too little to compare by the minute as well"
		}
		return text
	}
	reference := "no reference"
	if c.history.Reference > 0 {
		reference = fmt.Sprintf("reference %s %%", figure(100*c.history.Reference))
	}
	return fmt.Sprintf("tolerated %s times the old version's share and %s more, without it %s", figure(c.params.Rho), percent(c.params.Delta), reference)
}

// String is "15:04 9/60 1/540", the errors and invocations of the new and of the old version, with the ExposureBias and the
// Incident where there are.
func (b Block) String() string {
	text := fmt.Sprintf("%s %s/%.0f %s/%.0f", time.Unix(b.Minute*60, 0).UTC().Format("15:04"),
		amount(b.New.Errors), b.New.Invocations, amount(b.Old.Errors), b.Old.Invocations)
	if b.ExposureBias > 1 {
		text += fmt.Sprintf(" tilt %.6g", b.ExposureBias)
	}
	if b.Incident > 0 {
		text += fmt.Sprintf(" trouble %.6g", b.Incident)
	}
	return text
}

// alone says that some of the blocks had nothing to compare with; "" where all had.
func alone(blocks []Block) string {
	n := 0
	for _, b := range blocks {
		if b.Old.Invocations == 0 {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; in %d of %d minutes there was no version beside it to compare with", n, len(blocks))
}
