package show

import (
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Teller makes lines of the events of a rollout: one for what has changed or failed, and one for a verdict that differs from the
// one before.
type Teller struct {
	weight  rollout.Weight
	verdict string
}

// Lines are the lines of events.
func (t *Teller) Lines(events ...rollout.Event) []string {
	var lines []string
	for _, event := range events {
		if at, text := t.text(event); text != "" {
			lines = append(lines, fmt.Sprintf("%s  %6s %%  %s", at.UTC().Format(time.TimeOnly), t.weight, text))
		}
	}
	return lines
}

// text is what there is to say of an event, and its time; "" for nothing.
func (t *Teller) text(event rollout.Event) (time.Time, string) {
	switch e := event.(type) {
	case rollout.Turned:
		return e.At, t.turned(e)
	case rollout.Changed:
		if e.Journal != nil {
			t.weight = e.Journal.Weight
		} else if e.Write.Kind == rollout.SendBack {
			t.weight = 0
		}
		return e.At, e.Write.Why
	case rollout.CallFailed:
		return e.At, fmt.Sprintf("%s failed: %s", e.Call, e.Err.Text)
	case rollout.HookAnswered:
		return e.At, fmt.Sprintf("hook %s %s: %s", e.Stage, e.Function, passed(e.Passed))
	case rollout.Probed:
		return e.At, fmt.Sprintf("%s: %s: %s", e.Check.Name, e.Check.Verdict, e.Check.Reason)
	case rollout.Checked:
		return e.At, strings.Join(append([]string{"pre-flight passed"}, e.Warnings...), "; warning: ")
	case rollout.ScheduleChosen:
		return e.At, fmt.Sprintf("a schedule of %d steps from %s %% on, for %.3g calls a second", len(e.Steps), e.Steps[0].Weight, e.Traffic.PerSecond)
	case rollout.Panicked:
		return e.At, "an internal error, tried again: " + e.Value
	}
	return time.Time{}, ""
}

// turned tells a verdict once, and an alias that cannot be read.
func (t *Teller) turned(e rollout.Turned) string {
	if e.Journal != nil {
		t.weight = e.Journal.Weight
	}
	if e.Unread != nil {
		return "the alias cannot be read: " + e.Unread.Text
	}
	if e.Assessment == nil {
		return ""
	}
	before := t.verdict
	t.verdict = e.Assessment.Verdict.String()
	if t.verdict == before {
		return ""
	}
	return t.verdict + ": " + e.Assessment.Reason
}

func passed(yes bool) string {
	if yes {
		return "passed"
	}
	return "failed"
}
