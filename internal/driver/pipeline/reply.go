package pipeline

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Reply is what CodePipeline is told of a job: that it goes on, how it succeeded, or why it failed.
type Reply struct {
	// Token has CodePipeline call again; "" is the end.
	Token string
	// Failure is the type of a failure; "" is none.
	Failure FailureType
	// Message is why it failed, else the summary that the pipeline shows. It is never empty.
	Message string
	// Percent is how much is done.
	Percent int
	// Rollout is the rollout's id; "" where none has begun.
	Rollout string
	// Variables are the action's output variables, of a success.
	Variables map[string]string
}

// FailureType is how CodePipeline sorts failures.
type FailureType string

// The types, each called as its value.
const (
	JobFailed          FailureType = "JobFailed"
	ConfigurationError FailureType = "ConfigurationError"
)

// Jobs is where CodePipeline takes replies. Its errors wrap ErrAnswered, ErrTooLarge or one of target's; after
// target.ErrUnavailable it may have been told all the same. No error shows what was told.
type Jobs interface {
	Reply(ctx context.Context, job string, r Reply) error
}

// What telling CodePipeline fails with, beside target's errors.
var (
	// ErrAnswered is a job that waits for no reply any more.
	ErrAnswered = errors.New("the job waits for no reply any more")
	// ErrTooLarge is a reply with more output variables than CodePipeline takes.
	ErrTooLarge = errors.New("the output variables are too large")
)

const (
	// maxSummary and maxMessage are how many characters CodePipeline takes: API_ExecutionDetails, API_FailureDetails.
	maxSummary = 2048
	maxMessage = 5000
	// bareMessage is how many there are in a reply that CodePipeline has refused before.
	bareMessage = 200
)

// bare is the reply with no more in it than what makes it one.
func (r Reply) bare() Reply {
	return Reply{Token: r.Token, Failure: r.Failure, Message: printable.Text(r.Message, bareMessage)}
}

// failed is the reply of a failure, by the name that callers match on.
func failed(name, message string) Reply {
	kind := JobFailed
	switch name {
	case "InvalidRequest", "PreflightFailed", "DoesNotFit", "KnownBadVersion":
		kind = ConfigurationError
	}
	return Reply{Failure: kind, Message: limited(name+": "+message, maxMessage)}
}

// replyTo is the reply of an answer, or of the failure that stands in its place.
func replyTo(a answer.Answer, err error, id string) Reply {
	if err != nil {
		r := failed(answer.ErrorType(err), err.Error())
		r.Rollout = id
		return r
	}
	r := failed(a.Status, a.Reason)
	switch a.Status {
	case string(rollout.Succeeded), string(rollout.SucceededUnverified), string(rollout.NoOp), "rolled-back":
		r = succeeded(a)
	case "planned":
		if r = succeeded(a); len(a.Findings) > 0 {
			r = failed(a.Status, strings.Join(append([]string{a.Reason}, a.Findings...), "\n"))
		}
	}
	r.Rollout = id
	return r
}

// succeeded is the reply of an answer that is a success.
func succeeded(a answer.Answer) Reply {
	variables := map[string]string{
		"Status": a.Status, "RolloutId": a.RolloutID, "FunctionName": a.Function, "FunctionAlias": a.Alias,
		"FunctionVersion": a.NewVersion, "PreviousVersion": a.OldVersion, "Weight": a.Weight.String(),
		"StartedAt": stamp(a.StartedAt), "EndedAt": stamp(a.EndedAt), "Reason": a.Reason,
	}
	if a.Status == "planned" {
		delete(variables, "Weight")
	}
	for name, value := range variables {
		if value == "" {
			delete(variables, name)
		}
	}
	return Reply{Message: limited(a.Status+": "+a.Reason, maxSummary), Percent: 100, Variables: variables}
}

// stamp is a time as answers have it; "" for none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// limited bounds a text to so many characters; its lines stay.
func limited(text string, most int) string {
	if all := []rune(text); len(all) > most {
		return string(all[:most-1]) + "…"
	}
	return text
}
