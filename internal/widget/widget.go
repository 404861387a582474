// Package widget answers CloudWatch's custom widgets: the aliases that had rollouts, or one of them with buttons. It changes
// nothing: a button calls the deployer, by the permission of whoever presses it, and every rule is there.
package widget

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/report"
	"github.com/meta-deployer/meta-deployer/internal/inspect"
	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Documentation is what the widget says of itself, as Markdown; its first block of YAML is what a new widget begins with.
//
//go:embed describe.md
var Documentation string

// Widget answers a dashboard.
type Widget struct {
	// Account is looked at: its Aliases and Metrics.
	Account  target.Account
	Rollouts target.Rollouts
	Clock    target.Clock
	Log      *slog.Logger
	// Caller tells where the widget runs.
	Caller func(ctx context.Context) (home request.Home, id string)
	// Deployer is the ARN of the function that the buttons call, and Own is this function's in a call.
	Deployer string
	Own      func(ctx context.Context) string
}

// answerMargin is what is left of an invocation when work stops, to answer in.
const answerMargin = 2 * time.Second

// Invoke answers one call of a dashboard with a JSON text: HTML, or Markdown where it asks what the widget is. What keeps it from
// an answer is shown too: it fails only where nothing can be shown.
func (w Widget) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		bounded, cancel := w.Clock.Bound(ctx, deadline.Add(-answerMargin))
		defer cancel()
		ctx = bounded
	}
	e, err := parse(payload, w.Clock.Now())
	switch {
	case err != nil:
		w.Log.WarnContext(ctx, "event refused", "bytes", len(payload), "error", err.Error())
		return w.draw(ctx, e, page{Failure: ending.Failed("InvalidRequest", "what the dashboard sent cannot be read: give one JSON object, each key once")})
	case e.describe:
		return json.Marshal(Documentation)
	case e.asks():
		return w.one(ctx, e)
	}
	return w.list(ctx, e)
}

// list shows the aliases that had rollouts in the dashboard's time range.
func (w Widget) list(ctx context.Context, e event) ([]byte, error) {
	seen, more, err := w.Rollouts.Seen(ctx, e.since, e.until)
	if err != nil {
		w.Log.WarnContext(ctx, "aliases not read", "error", err.Error())
		return w.draw(ctx, e, page{Failure: ending.Failed("CallFailed", "the aliases cannot be read: "+target.Explain(err))})
	}
	return w.draw(ctx, e, page{List: listOf(e, seen, more)})
}

// one shows how one alias stands, by the code that answers action status.
func (w Widget) one(ctx context.Context, e event) ([]byte, error) {
	home, _ := w.Caller(ctx)
	r, err := request.Parse([]byte(e.with(map[string]string{"action": string(request.Status)})), home)
	if err == nil && (r.RoleARN != "" || r.Execution != "") {
		err = errors.New("role-arn and execution are for the deployer: the widget looks at the aliases of its own account")
	}
	if err != nil {
		return w.draw(ctx, e, page{Failure: ending.Failed("InvalidRequest", err.Error()), Back: true})
	}
	a, err := inspect.Inspector{Account: w.Account, Clock: w.Clock}.Status(ctx, r)
	if err != nil {
		w.Log.WarnContext(ctx, "status", "function", r.Plan.Function, "alias", r.Plan.Alias, "error", err.Error())
		return w.draw(ctx, e, page{Failure: ending.Failed(answer.ErrorType(err), err.Error()), Back: true})
	}
	return w.draw(ctx, e, page{Answer: ending.With(a), Minutes: report.Read(ctx, w.Account.Metrics, a, w.Clock.Now()), Buttons: w.buttons(e, a), Back: true})
}

// buttons are what a person can ask of a running rollout. What of it has an effect the deployer says.
func (w Widget) buttons(e event, a answer.Answer) []button {
	if a.RolloutID == "" {
		return nil
	}
	var buttons []button
	name := printable.Text(fmt.Sprintf("%s:%s", a.Function, a.Alias), 200)
	for _, b := range []struct {
		action  request.Action
		confirm string
	}{
		{request.Pause, "Hold the rollout of %s at its weight?"},
		{request.Resume, "Let the rollout of %s go on?"},
		{request.Promote, "Send all traffic of %s to the new version now?"},
		{request.Rollback, "Send all traffic of %s back to the old version?"},
	} {
		keys := map[string]string{"action": string(b.action)}
		if b.action == request.Rollback {
			keys["new-version"] = a.NewVersion
		}
		buttons = append(buttons, button{Name: string(b.action), Confirm: fmt.Sprintf(b.confirm, name), Endpoint: w.Deployer, Body: e.with(keys)})
	}
	return buttons
}
