package hook

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// aliases reads aliases, as target.Aliases describes it.
type aliases interface {
	Alias(ctx context.Context, function, alias string) (target.Alias, error)
}

// measurements are what the hook reads, as target.Metrics describes it.
type measurements interface {
	Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error)
}

// PostTraffic is the hook that runs once the new version has all traffic: the alias must point at it alone, and not too
// many of its invocations may have failed since the rollout or deployment began. Where nothing was measured it
// succeeds and says so: else no idle function could ever be deployed.
type PostTraffic struct {
	Aliases     aliases
	Metrics     measurements
	Deployments deployments
	// MaxErrorRate is the highest tolerated share of failed invocations, a number from 0 to 1; "" is 0: any failed
	// invocation fails. One that is wrong fails every check.
	MaxErrorRate string
	Clock        target.Clock
	Log          *slog.Logger
}

// Invoke answers one event.
func (p PostTraffic) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	h := handler{stage: rollout.PostTraffic, check: p.check, deployments: p.Deployments, clock: p.Clock, log: p.Log}
	return h.invoke(ctx, payload)
}

func (p PostTraffic) check(ctx context.Context, t Target) (string, error) {
	rate, err := parseRate(p.MaxErrorRate)
	if err != nil {
		return "", err
	}
	alone, err := p.settled(ctx, t)
	if err != nil {
		return "", err
	}
	return p.judge(ctx, t, alone, rate)
}

// settled waits until the alias points at the new version alone, and says since when it has; zero where nobody knows. While
// it is on its way there it is looked at for as long as there is time: Lambda leaves traffic on the old version, by a weight
// of its own, until provisioned concurrency is prepared. Anything else may be a read that is older than the last write,
// which a moment shows.
func (p PostTraffic) settled(ctx context.Context, t Target) (alone time.Time, err error) {
	const look = 2 * time.Second
	began := p.Clock.Now()
	for waited := false; ; waited = true {
		var alias target.Alias
		err := retried(ctx, p.Clock, func() (err error) {
			alias, err = p.Aliases.Alias(ctx, t.Function, t.Alias)
			return err
		})
		now := p.Clock.Now()
		switch {
		case err != nil:
			return alone, fmt.Errorf("alias %s of function %s cannot be read: %w", t.Alias, t.bare(), err)
		case alias.Routing == rollout.Routing{Primary: t.NewVersion}:
			if alone = aloneSince(t, alias, now); waited && !alone.IsZero() {
				alone = now
			}
			return alone, nil
		case alias.Routing.Primary != t.NewVersion && now.Sub(began) >= moment, p.Clock.Sleep(ctx, look) != nil:
			return alone, fmt.Errorf("alias %s of function %s sends traffic to %s, not to version %s alone, seen for %s: see who else moves it, "+
				"or where Lambda prepares provisioned concurrency give the hook function a longer timeout",
				t.Alias, t.bare(), alias.Routing, t.NewVersion, now.Sub(began).Round(time.Second))
		}
	}
}

// judge reads the metrics and judges them.
func (p PostTraffic) judge(ctx context.Context, t Target, alone time.Time, rate float64) (string, error) {
	since := began(t, p.Clock.Now())
	measured := analysis.Measurements{Reading: analysis.Reading{Alone: alone}}
	err := retried(ctx, p.Clock, func() (err error) {
		measured.Reading.Minutes, err = p.Metrics.Minutes(ctx, target.MetricsQuery{
			Function: t.bare(), Alias: t.Alias, OldVersion: t.OldVersion, NewVersion: t.NewVersion, Since: since, Until: p.Clock.Now(),
		})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("the metrics of function %s cannot be read: %w", t.bare(), err)
	}
	place := fmt.Sprintf("alias %s points at %s alone", t.Alias, t)
	assessment := analysis.Assess(analysis.Health{Errors: analysis.ErrorsMaxRate, MaxRate: rate}, measured)
	period := "since " + since.UTC().Format(time.RFC3339)
	switch {
	case assessment.Verdict == analysis.Pass:
		return fmt.Sprintf("%s, and %s it is healthy: %s", place, period, assessment.Checks[0].Reason), nil
	case assessment.NoData:
		return fmt.Sprintf("%s, but nothing was measured %s: %s", place, period, assessment.Checks[0].Reason), nil
	}
	return "", fmt.Errorf("%s, but %s it is not healthy: %s", place, period, assessment.Reason)
}

// began is when to look from. A deployment that does not say when it began began within the longest time that a Lambda
// deployment may take (docs.aws.amazon.com/codedeploy/latest/userguide/limits): whatever failed before it at this
// version counts against it then, which errs on the safe side.
func began(t Target, now time.Time) time.Time {
	const longestDeployment = 50 * time.Hour
	if t.Since.IsZero() {
		return now.Add(-longestDeployment)
	}
	return t.Since
}

// aloneSince is when the alias began to stand at the new version alone, from when on its own series counts as the version's.
// CodeDeploy tells when it was done with the traffic. A rollout's event has no such time, but the journal on the alias
// is written together with the routing, so its step at all traffic is exact. Without a journal nobody knows, and only
// the series of the version itself counts: the alias's could blame the old version's failures on the new one.
func aloneSince(t Target, alias target.Alias, now time.Time) time.Time {
	of := rollout.Target{Function: t.bare(), Alias: t.Alias}
	if live := rollout.ParseDescription(alias.Description).Live(of, alias.Routing, now); t.Alone.IsZero() && live != nil {
		return live.Since
	}
	return t.Alone
}

// parseRate reads MAX_ERROR_RATE.
func parseRate(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate >= 0 && rate <= 1) {
		return 0, fmt.Errorf("MAX_ERROR_RATE is %q: give a share from 0 to 1, such as 0.01 for one invocation in a hundred", short(text))
	}
	return rate, nil
}
