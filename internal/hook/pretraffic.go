package hook

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// functions is Lambda, as target.Versions and target.Invoker describe it.
type functions interface {
	Version(ctx context.Context, function, version string) (target.Version, error)
	Invoke(ctx context.Context, i target.Invocation) (target.Reply, error)
	CanInvoke(ctx context.Context, function string) error
}

// PreTraffic is the hook that runs before the new version gets traffic. It invokes the version by number with the
// probes that match the function. A function that no probe matches is never invoked, for an invocation that nobody
// asked for can have effects: its state and a dry run are all that is checked then.
type PreTraffic struct {
	Functions   functions
	Deployments deployments
	// Probes is the JSON list of probes; "" is none. A list that is wrong fails every check.
	Probes string
	Clock  target.Clock
	// Log is told of payloads and answers by their digest and size alone.
	Log *slog.Logger
}

// Invoke answers one event.
func (p PreTraffic) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	h := handler{stage: rollout.PreTraffic, check: p.check, deployments: p.Deployments, clock: p.Clock, log: p.Log}
	return h.invoke(ctx, payload)
}

func (p PreTraffic) check(ctx context.Context, t Target) (string, error) {
	probes, err := request.HookProbes("PROBES", p.Probes)
	if err != nil {
		return "", err
	}
	state, err := p.ready(ctx, t)
	if err != nil {
		return "", err
	}
	probes = probesFor(probes, t.bare())
	switch {
	case len(probes) == 0 && state == "Inactive":
		return "", fmt.Errorf("%s is Inactive, asleep for want of calls, and no probe matches function %s to wake it: "+
			"invoke %s until it answers, Lambda takes up to two minutes, or give a probe for it", t, t.bare(), t.qualified())
	case len(probes) == 0:
		return p.dryRun(ctx, t, state)
	}
	names := make([]string, 0, len(probes))
	for _, probe := range probes {
		if err := p.run(ctx, t, probe); err != nil {
			return "", fmt.Errorf("probe %s of %s: %w", probe.Name, t, err)
		}
		names = append(names, probe.Name)
	}
	return fmt.Sprintf("%s passed %d of %d probes: %s", t, len(probes), len(probes), strings.Join(names, ", ")), nil
}

// ready waits until the version can serve, and says in which state it is. One that is Inactive can: its first call fails and
// wakes it.
func (p PreTraffic) ready(ctx context.Context, t Target) (state string, err error) {
	const look = 2 * time.Second
	for {
		var v target.Version
		err := retried(ctx, p.Clock, func() (err error) {
			v, err = p.Functions.Version(ctx, t.Function, t.NewVersion)
			return err
		})
		switch {
		case err != nil:
			return "", fmt.Errorf("%s cannot be looked at: %w", t, err)
		case v.State == "Pending", v.UpdateStatus == "InProgress", v.SnapStart && !v.Optimized && v.State == "Active":
			if p.Clock.Sleep(ctx, look) != nil {
				return "", fmt.Errorf("%s was not ready before the hook's own time ran out: its state is %s, its update %s, its SnapStart snapshot there: %t",
					t, v.State, v.UpdateStatus, !v.SnapStart || v.Optimized)
			}
		case v.State != "Active" && v.State != "Inactive", v.UpdateStatus == "Failed":
			return "", fmt.Errorf("%s cannot serve: its state is %s, its update %s (%s): publish another version", t, v.State, v.UpdateStatus, v.Reason)
		default:
			return v.State, nil
		}
	}
}

// dryRun asks whether the version could be invoked.
func (p PreTraffic) dryRun(ctx context.Context, t Target, state string) (string, error) {
	err := retried(ctx, p.Clock, func() error { return p.Functions.CanInvoke(ctx, t.qualified()) })
	if err != nil {
		return "", fmt.Errorf("%s could not be invoked, by a dry run: %w", t, err)
	}
	return fmt.Sprintf("nothing was probed, because no probe matches function %s: %s is %s and passed a dry run", t.bare(), t, state), nil
}
