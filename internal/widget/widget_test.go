package widget_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/report"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/widget"
)

const (
	own      = "arn:aws:lambda:eu-west-1:123456789012:function:customWidget-meta-deployer"
	deployer = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer"
)

// seen is what CloudWatch tells of rollouts.
type seen struct {
	aliases      []target.Seen
	more         bool
	err          error
	since, until time.Time
}

func (s *seen) Seen(_ context.Context, since, until time.Time) ([]target.Seen, bool, error) {
	s.since, s.until = since, until
	return s.aliases, s.more, s.err
}

// account has the function checkout with calls, whose alias live is ten minutes into a rollout, at 30 %.
func account(t *testing.T, owner string) *sim.World {
	t.Helper()
	w := sim.New()
	w.Publish("checkout", "1", sim.Version{Errors: sim.Constant(0.001)})
	w.Publish("checkout", "2", sim.Version{Errors: sim.Constant(0.001)})
	require.NoError(t, w.CreateAlias("checkout", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: owner}))
	w.SetTraffic("checkout", "live", sim.Constant(20))
	w.Advance(30 * time.Minute)
	start := w.Now()
	j := rollout.Journal{
		Old: "1", New: "2", Weight: 30_00, Step: 3, Steps: 10, Driver: "3f2c81d2-2dff629b5eaf", Start: start, Since: start, First: start,
		ID: rollout.NewID(rollout.Target{Function: "checkout", Alias: "live"}, "1", "2", start),
	}
	text, ok := rollout.Description{Owner: owner, Journal: &j}.Encode()
	require.True(t, ok)
	require.NoError(t, w.ChangeAlias("3f2c81d2", "checkout", "live", func(a *target.Alias) { a.Routing, a.Description = j.Routing(), text }))
	w.Advance(10 * time.Minute)
	return w
}

func widgetOf(w *sim.World, s *seen) widget.Widget {
	a := w.Account()
	return widget.Widget{
		Account: target.Account{Aliases: a.Aliases, Metrics: a.Metrics}, Rollouts: s, Clock: w.Clock(), Log: slog.New(slog.DiscardHandler), Caller: sim.Caller,
		Deployer: deployer, Own: func(context.Context) string { return own },
	}
}

// call answers a dashboard once.
func call(t *testing.T, w *sim.World, s *seen, payload string) string {
	t.Helper()
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	raw, err := widgetOf(w, s).Invoke(ctx, []byte(payload))
	require.NoError(t, err)
	var text string
	require.NoError(t, json.Unmarshal(raw, &text), "a dashboard takes one JSON text")
	return text
}

func event(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../../events/widget/" + name + ".json")
	require.NoError(t, err)
	return string(raw)
}

func TestTheListIsOfTheDashboardsTime(t *testing.T) {
	w := account(t, "")
	at := w.Now().Truncate(time.Minute)
	s := &seen{more: true, aliases: []target.Seen{
		{Target: rollout.Target{Function: "checkout", Alias: "live"}, Percent: 33.33, At: at, Endings: []target.Ending{{Name: "Succeeded", Count: 3}, {Name: "RolledBack", Count: 1}}},
		{Target: rollout.Target{Function: "search", Alias: "live"}, Endings: []target.Ending{{Name: "Held", Count: 1}}},
	}}
	html := call(t, w, s, event(t, "list"))
	assert.Equal(t, time.UnixMilli(1767600000000).UTC(), s.since)
	assert.Equal(t, w.Now(), s.until.Add(w.Now().Sub(s.until)))
	assert.False(t, s.until.After(w.Now()), "nothing is asked of the time to come")
	p := examined(t, html)
	assert.Contains(t, p.text, "checkout:live 33.33 % 2026-01-05 09:40 UTC Succeeded 3, RolledBack 1")
	assert.Contains(t, p.text, "search:live – – Held 1")
	assert.Contains(t, p.text, "There are more aliases")
	assert.Equal(t, action{"call", own, "", "", `{"alias":"live","function-name":"checkout"}`, "checkout:live"}, p.actions[0])
	assert.NotContains(t, html, "rollout dark")

	s.aliases, s.more = nil, false
	assert.Contains(t, examined(t, call(t, w, s, event(t, "list"))).text, "None: no driver has looked at one in this time.")
	s.err = &target.Error{Kind: target.ErrDenied, Action: "cloudwatch:ListMetrics", Message: "no <b>"}
	assert.Contains(t, examined(t, call(t, w, s, "{}")).text, "the aliases cannot be read: access denied: no <b>; give the role that calls the permission cloudwatch:ListMetrics")
}

// One rollout is shown as its status is answered, by the same code, in the report's form.
func TestOneRolloutIsWhatStatusSays(t *testing.T) {
	w := account(t, "front door")
	html := call(t, w, &seen{}, event(t, "one"))
	p := examined(t, html)
	assert.Contains(t, html, `<div class="widget rollout dark">`)

	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	a, err := scenario.Deployer(w, slog.New(slog.DiscardHandler)).Handle(ctx, []byte(`{"action": "status", "function-name": "checkout", "alias": "live"}`))
	require.NoError(t, err)
	require.Equal(t, "in-progress", a.Status)
	require.NotEmpty(t, a.Steps)
	content, err := report.Content(ending.With(a), report.Read(t.Context(), w.Account().Metrics, a, w.Now()))
	require.NoError(t, err)
	assert.Contains(t, html, string(content))
	assert.Contains(t, p.text, "Failed calls by minute")

	var names []string
	for _, a := range p.actions {
		names = append(names, a.name)
	}
	assert.Equal(t, []string{"all rollouts", "pause", "resume", "promote", "rollback"}, names)
	for _, a := range p.actions[1:] {
		assert.Equal(t, "call", a.kind)
		assert.Equal(t, deployer, a.endpoint)
		assert.Equal(t, "popup", a.display)
		assert.Contains(t, a.confirmation, "checkout:live", "each is confirmed")
	}
}

// A button is a request that the deployer takes, with what the dashboard adds to it.
func TestEachButtonIsARequest(t *testing.T) {
	for name, want := range map[string]string{"pause": "paused", "resume": "no-op", "rollback": "rolled-back", "promote": "in-progress"} {
		t.Run(name, func(t *testing.T) {
			w := account(t, "front door")
			html := call(t, w, &seen{}, `{"action": "status", "function-name": "checkout", "alias": "live", "health-check": {"errors": "any", "max-failed-invocations": 100000}}`)
			for _, a := range examined(t, html).actions {
				if a.name != name {
					continue
				}
				var request map[string]any
				require.NoError(t, json.Unmarshal([]byte(a.body), &request))
				assert.Contains(t, request, "health-check")
				delete(request, "health-check")
				request["widgetContext"] = map[string]any{"dashboardName": "meta-deployer", "theme": "dark"}
				raw, err := json.Marshal(request)
				require.NoError(t, err)
				ctx, _, cancel := w.Begin(sim.Invocation{})
				defer cancel()
				reply, err := scenario.Deployer(w, slog.New(slog.DiscardHandler)).Handle(ctx, raw)
				require.NoError(t, err)
				assert.Equal(t, want, reply.Status)
				return
			}
			t.Fatal("no such button")
		})
	}
}

func TestWithoutARolloutThereIsNothingToPress(t *testing.T) {
	w := account(t, "")
	require.NoError(t, w.ChangeAlias("stranger", "checkout", "live", func(a *target.Alias) { a.Routing, a.Description = rollout.Routing{Primary: "1"}, "" }))
	p := examined(t, call(t, w, &seen{}, event(t, "one")))
	assert.Contains(t, p.text, "checkout:live idle")
	assert.Len(t, p.actions, 1)
}

// What keeps the widget from an answer is shown, in the words of the deployer.
func TestWhatCannotBeAnsweredIsShown(t *testing.T) {
	for payload, says := range map[string]string{
		`{"function-name": "checkout"}`: "alias is missing", `{"function-name": "nowhere", "alias": "live"}`: "function nowhere has no alias live, or there is no such function: check both names",
		`{"function-name": "checkout", "alias": "live", "role-arn": "arn:aws:iam::123456789012:role/x"}`: "the widget looks at the aliases of its own account",
		`{"function-name": "checkout", "alias": "live", "action": "rollback"}`:                           "checkout:live in-progress",
		`{"function-name": "checkout", "alias": "live", "colour": "red"}`:                                "colour is not a key",
		`[]`: "give one JSON object", ``: "give one JSON object", `{"alias": "a", "alias": "b"}`: "give one JSON object, each key once",
		strings.Repeat(" ", 300<<10) + "{}": "give one JSON object",
	} {
		w := account(t, "")
		before := len(w.Writes())
		assert.Contains(t, examined(t, call(t, w, &seen{}, payload)).text, says)
		assert.Len(t, w.Writes(), before, "nothing is changed")
	}
	w := account(t, "")
	w.Faults = []sim.Fault{{On: sim.GetAlias, Effect: sim.Denied}}
	assert.Contains(t, examined(t, call(t, w, &seen{err: errors.New("x")}, event(t, "one"))).text, "the alias cannot be read")
}

func TestItSaysWhatItIs(t *testing.T) {
	text := call(t, account(t, ""), &seen{}, event(t, "describe"))
	assert.Equal(t, widget.Documentation, text)
	_, block, found := strings.Cut(text, "``` yaml\n")
	require.True(t, found, "what a new widget begins with")
	block, _, _ = strings.Cut(block, "```")
	assert.Equal(t, "function-name: checkout\nalias: live\n", block)
}

func TestATimeThatIsNone(t *testing.T) {
	w := account(t, "")
	for _, context := range []string{
		`{"timeRange": {"start": 5, "end": 1}}`, `{"timeRange": {"start": -9e18, "end": 9e18}}`, `{"timeRange": "x"}`, `7`, `{"timeRange": {"start": 99999999999999, "end": 999999999999999}}`,
	} {
		s := &seen{}
		examined(t, call(t, w, s, `{"widgetContext": `+context+`}`))
		assert.Equal(t, 3*time.Hour, s.until.Sub(s.since), context)
	}
}
