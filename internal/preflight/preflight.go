// Package preflight looks at everything that a rollout needs before anything is written, and reports all of it at once.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Check looks at what a plan needs. alias is nil where it does not exist or cannot be read. A read that failed and may succeed
// later is Readiness.Err; then the findings are not complete.
func Check(ctx context.Context, r health.Reader, p rollout.Plan, alias *rollout.Alias) rollout.Readiness {
	c := check{Account: r.Account, reader: r, plan: p, alias: alias}
	steps := []func(context.Context) error{c.aliasItself, c.versions, c.metrics, c.alarms, c.hooks, c.probes}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			c.ready.Err = target.CallError(err)
			break
		}
	}
	c.ready.Momentary = len(c.ready.Findings) > 0 && !c.lasting
	return c.ready
}

// check is one pre-flight.
type check struct {
	target.Account
	reader health.Reader
	plan   rollout.Plan
	alias  *rollout.Alias
	ready  rollout.Readiness
	// lasting says that one of the findings does not pass by itself.
	lasting bool
}

// find reports what would be refused.
func (c *check) find(format string, values ...any) {
	c.lasting = true
	c.ready.Findings = append(c.ready.Findings, fmt.Sprintf(format, values...))
}

// findOf reports a call that failed for good, which passes by itself where something was made a moment ago.
func (c *check) findOf(err error, format string, values ...any) {
	lasting := c.lasting || errors.Is(err, target.ErrRefused)
	c.find(format, values...)
	c.lasting = lasting
}

func (c *check) warn(format string, values ...any) {
	c.ready.Warnings = append(c.ready.Warnings, fmt.Sprintf(format, values...))
}

// aliasItself looks at the alias, or tells a missing alias from a missing function.
func (c *check) aliasItself(ctx context.Context) error {
	if c.alias == nil {
		return c.missingAlias(ctx)
	}
	owner := rollout.ParseDescription(c.alias.Description).Owner
	if over := c.plan.OwnerExcess(owner, c.alias.Routing.Primary, c.plan.NewVersion); over > 0 {
		c.find("the description of alias %s is %d characters too long: the journal of a rollout needs room behind it, shorten it by as much", c.plan.Alias, over)
	}
	setting, err := c.Versions.ProvisionedConcurrency(ctx, c.plan.Function, c.plan.Alias)
	switch {
	case err == nil && setting.Status == "IN_PROGRESS":
		c.ready.Pending = fmt.Sprintf("provisioned concurrency of alias %s is being prepared", c.plan.Alias)
	case err == nil:
		c.warn("alias %s has provisioned concurrency %d (%s): Lambda moves it to version %s at 100 %%, and until then calls to that version may start cold",
			c.plan.Alias, setting.Requested, setting.Status, c.plan.NewVersion)
	case !errors.Is(err, target.ErrNotFound):
		c.warn("provisioned concurrency of alias %s could not be read: %v", c.plan.Alias, err)
	}
	return nil
}

func (c *check) missingAlias(ctx context.Context) error {
	_, err := c.Versions.Version(ctx, c.plan.Function, "")
	if errors.Is(err, target.ErrNotFound) {
		c.findOf(err, "function %s does not exist in this account and region: check function-name and role-arn", c.plan.Function)
		return nil
	}
	c.findOf(target.ErrNotFound, "alias %s of function %s does not exist: create it (aws lambda create-alias --function-name %s --name %s --function-version N) and send the request again",
		c.plan.Alias, c.plan.Function, c.plan.Function, c.plan.Alias)
	return nil
}

// versions looks at the old and the new version, and whether an alias can be split between them.
func (c *check) versions(ctx context.Context) error {
	fresh, freshOK, err := c.version(ctx, "new", c.plan.NewVersion)
	if err != nil || c.alias == nil {
		return err
	}
	primary := c.alias.Routing.Primary
	if strings.HasPrefix(primary, "$LATEST") {
		c.find("alias %s points at %s, which cannot share traffic: publish a version and point the alias at it", c.plan.Alias, primary)
		return nil
	}
	old, oldOK, err := c.version(ctx, "old", primary)
	if err != nil || !freshOK || !oldOK {
		return err
	}
	if old.Role != fresh.Role {
		c.find("versions %s and %s have different execution roles, %s and %s, and Lambda splits traffic only between versions with the same: publish the new version with the old role, or move the alias at once (aws lambda update-alias)",
			primary, c.plan.NewVersion, old.Role, fresh.Role)
	}
	if old.DeadLetter != fresh.DeadLetter {
		c.find("versions %s and %s have different dead-letter targets, %q and %q, and Lambda splits traffic only between versions with the same: publish the new version with the old one's, or move the alias at once (aws lambda update-alias)",
			primary, c.plan.NewVersion, old.DeadLetter, fresh.DeadLetter)
	}
	return nil
}

// version looks at one version's existence and state.
func (c *check) version(ctx context.Context, which, number string) (v target.Version, ok bool, err error) {
	if number == "" {
		return v, false, nil
	}
	v, err = c.Versions.Version(ctx, c.plan.Function, number)
	name := fmt.Sprintf("%s version %s of function %s", which, number, c.plan.Function)
	switch {
	case errors.Is(err, target.ErrNotFound):
		c.findOf(err, "%s does not exist: publish it (aws lambda publish-version) or check the number", name)
	case target.Permanent(err):
		c.findOf(err, "%s cannot be looked at: %s", name, target.Explain(err))
	case err != nil:
		return v, false, fmt.Errorf("get-function-configuration: %w", err)
	default:
		c.state(which, name, v)
	}
	return v, err == nil, nil
}

// state says what a version's state means for the rollout.
func (c *check) state(which, name string, v target.Version) {
	switch {
	case v.State == "Pending" || v.State == "Active" && v.UpdateStatus == "InProgress":
		c.ready.Pending = fmt.Sprintf("%s is in state %s, update %s", name, v.State, v.UpdateStatus)
	case v.State == "Inactive" && which == "old":
		c.warn("%s is Inactive, idle for long: its first call wakes it up, and fails", name)
	case v.State == "Inactive" && len(c.plan.Probes) == 0:
		c.find("%s is Inactive, idle for long, and its first calls would be turned away: wake it (aws lambda invoke --function-name %s:%s, until it answers), or give a probe in health-check.probes, which does",
			name, c.plan.Function, c.plan.NewVersion)
	case v.State == "Inactive":
		c.warn("%s is Inactive, idle for long: a probe wakes it before it gets traffic", name)
	case v.State != "Active" && v.State != "":
		c.find("%s is in state %s (%s): it cannot serve, publish another one", name, v.State, v.Reason)
	case v.UpdateStatus == "Failed":
		c.find("the last update of %s failed (%s): it cannot serve, publish another one", name, v.Reason)
	case v.SnapStart && !v.Optimized:
		c.ready.Pending = name + " has no SnapStart snapshot yet"
	}
}
