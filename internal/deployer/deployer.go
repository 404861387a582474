package deployer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Deployer answers requests. It holds no state between them.
type Deployer struct {
	// Accounts gives the account to work in: the deployer's own, or the one of a role, whose session has the driver's token
	// in its name.
	Accounts func(roleARN, externalID, session string) target.Account
	Clock    target.Clock
	Log      *slog.Logger
	// Caller tells of an invocation where the deployer runs and the invocation's id, which is the driver's id.
	Caller func(ctx context.Context) (home rollout.Home, id string)
}

// answerMargin is what is left of an invocation when work stops, to answer in.
const answerMargin = 400 * time.Millisecond

// Invoke answers one request as bytes, so that what is not even JSON is refused like any other bad request.
func (d Deployer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := d.Handle(ctx, payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// Handle answers one request. Its errors are the failures of errors.go, by whose type callers tell them apart.
func (d Deployer) Handle(ctx context.Context, raw json.RawMessage) (Answer, error) {
	home, id := d.Caller(ctx)
	request, err := rollout.Parse(raw, home)
	if err != nil {
		if problems, ok := errors.AsType[*rollout.ProblemsError](err); ok {
			d.Log.WarnContext(ctx, "request refused", "request", fmt.Sprintf("%.2000s", raw), "problems", problems.Problems)
		}
		return Answer{}, InvalidRequest{failure{"the request is refused, nothing was touched: " + err.Error()}}
	}
	r := &run{
		deployer: d, request: request, account: d.Accounts(request.RoleARN, request.ExternalID, rollout.DriverToken(id)),
		log: d.Log.With("function", request.Function, "alias", request.Alias), driver: rollout.DriverToken(id), began: d.Clock.Now(),
	}
	r.log.InfoContext(ctx, "request", "request", string(raw), "driver", r.driver)
	if end, ok := ctx.Deadline(); ok {
		r.end = end.Add(-answerMargin)
		bounded, cancel := d.Clock.Bound(ctx, r.end)
		defer cancel()
		ctx = bounded
	}
	answer, err := r.answer(ctx)
	if err != nil {
		r.log.WarnContext(ctx, "ended", "error", fmt.Sprintf("%T", err), "reason", err.Error())
		return Answer{}, err
	}
	r.log.InfoContext(ctx, "ended", "status", answer.Status, "reason", answer.Reason)
	return answer, nil
}

// answer does what the request asks for.
func (r *run) answer(ctx context.Context) (Answer, error) {
	switch r.request.Action {
	case rollout.Status:
		if health := r.request.Plan.Health; health.Judge != "" && !health.Off {
			r.warnings = append(r.warnings, "health-check.function is not invoked by action status, which changes nothing")
		}
		return r.status(ctx)
	case rollout.Preview:
		return r.preview(ctx)
	case rollout.Rehearse:
		return r.rehearse(ctx)
	case rollout.Deploy:
		return r.drive(ctx, rollout.Decide)
	case rollout.Promote:
		r.request.Plan.Health.MinInvocations = 0
	case rollout.Rollback, rollout.Pause, rollout.Resume:
	}
	return r.drive(ctx, func(t rollout.Target, p rollout.Plan, s rollout.Situation, g rollout.Progress) (rollout.NextAction, rollout.Progress) {
		return rollout.Control(r.request.Action, t, p, s, g)
	})
}

// label is the alias for messages.
func (r *run) label() string { return r.request.Function + ":" + r.request.Alias }

// blank is an answer with what every answer has.
func (r *run) blank(status, reason string) Answer {
	warnings := append([]string{}, append(r.request.Warnings, r.warnings...)...)
	if r.doubt != "" {
		warnings = append(warnings, r.doubt)
	}
	return Answer{Status: status, Reason: reason, Function: r.request.Function, Alias: r.request.Alias, Warnings: warnings}
}

// sentence joins clauses that are there.
func sentence(clauses ...string) string {
	var said []string
	for _, clause := range clauses {
		if clause != "" {
			said = append(said, clause)
		}
	}
	return strings.Join(said, "; ")
}
