package deployer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

const remedyDenied = "give the deployer's role the missing permission, the README lists them"

// findings are what would be refused, and what would not but should be known. pending names what Lambda is still
// preparing; "" for nothing.
type findings struct {
	texts, warnings []string
	pending         string
}

func (f *findings) add(format string, values ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, values...))
}

func (f *findings) warn(format string, values ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(format, values...))
}

// listed joins findings for a message.
func listed(texts []string) string { return strings.Join(texts, "; ") }

// resolve finds the version that "@alias" stands for.
func (r *run) resolve(ctx context.Context) *rollout.Finish {
	if r.request.CandidateAlias == "" || r.request.NewVersion != "" {
		return nil
	}
	finding := r.resolveCandidate(ctx)
	if finding == "" {
		return nil
	}
	all := findings{texts: []string{finding}}
	if alias, err := r.readAlias(ctx); err == nil {
		found, _ := r.preflight(ctx, &alias)
		all.texts = append(all.texts, found.texts...)
	} else if errors.Is(err, target.ErrNotFound) {
		found, _ := r.preflight(ctx, nil)
		all.texts = append(all.texts, found.texts...)
	}
	return &rollout.Finish{Outcome: rollout.NotReady, Reason: listed(all.texts)}
}

// resolveCandidate sets the request's new version; it returns a finding where there is none.
func (r *run) resolveCandidate(ctx context.Context) string {
	name := r.request.CandidateAlias
	var candidate target.Alias
	err := r.retried(ctx, func() (err error) {
		candidate, err = r.account.Aliases.Alias(ctx, r.request.Function, name)
		return err
	})
	switch {
	case errors.Is(err, target.ErrNotFound):
		return fmt.Sprintf("new-version is @%s, and function %s has no alias %s: create it, or name a version", name, r.request.Function, name)
	case err != nil:
		return fmt.Sprintf("alias %s cannot be read: %v", name, err)
	case candidate.Routing.Split():
		return fmt.Sprintf("new-version is @%s, and that alias is split, %s: give it one version", name, candidate.Routing)
	case strings.HasPrefix(candidate.Routing.Primary, "$LATEST"):
		return fmt.Sprintf("new-version is @%s, and that alias points at $LATEST: publish a version and point it there", name)
	}
	r.request.NewVersion = candidate.Routing.Primary
	return ""
}

// retried makes a read again while it is unavailable, for as long as a start is worth waiting for.
func (r *run) retried(ctx context.Context, call func() error) error {
	for pause := 200 * time.Millisecond; ; pause *= 2 {
		err := r.timed(call)
		if err == nil || target.Permanent(err) || ctx.Err() != nil || r.now().Add(pause).Sub(r.began) > startPatience {
			return err
		}
		if err := r.deployer.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// preflightTurn checks the account before anything is written. What Lambda is still preparing is waited for.
func (r *run) preflightTurn(ctx context.Context, alias target.Alias) (time.Time, *rollout.Finish, error) {
	const look = 2 * time.Second
	f, err := r.preflight(ctx, &alias)
	if err != nil {
		return r.now(), nil, err
	}
	if len(f.texts) > 0 {
		return time.Time{}, &rollout.Finish{Outcome: rollout.NotReady, Reason: listed(f.texts)}, nil
	}
	if f.pending != "" {
		if r.now().Sub(r.began) > rollout.Patience {
			reason := fmt.Sprintf("%s, still after %s: wait until it is done and send the request again", f.pending, rollout.Patience)
			return time.Time{}, &rollout.Finish{Outcome: rollout.NotReady, Reason: reason}, nil
		}
		return r.now().Add(look), nil, nil
	}
	r.progress.Checked = true
	r.warnings = f.warnings
	return r.now(), nil, nil
}

// preflight looks at everything that a rollout needs, and reports all of it at once. alias is nil where it does not
// exist. The error is a read that may succeed later.
func (r *run) preflight(ctx context.Context, alias *target.Alias) (findings, error) {
	var f findings
	if alias == nil {
		r.checkFunction(ctx, &f)
	} else {
		r.checkAlias(ctx, *alias, &f)
	}
	if err := r.checkVersions(ctx, alias, &f); err != nil {
		return f, err
	}
	if err := r.checkHealth(ctx, alias, &f); err != nil {
		return f, err
	}
	if err := r.checkHooks(ctx, &f); err != nil {
		return f, err
	}
	return f, r.checkProbes(ctx, alias, &f)
}

// checkFunction tells a missing alias from a missing function.
func (r *run) checkFunction(ctx context.Context, f *findings) {
	err := r.timed(func() error { _, err := r.account.Versions.Version(ctx, r.request.Function, ""); return err })
	if errors.Is(err, target.ErrNotFound) {
		f.add("function %s does not exist in this account and region: check function-name and role-arn", r.request.Function)
		return
	}
	f.add("alias %s of function %s does not exist: create it (aws lambda create-alias --function-name %s --name %s --function-version N) and send the request again",
		r.request.Alias, r.request.Function, r.request.Function, r.request.Alias)
}

// checkAlias looks at the alias itself.
func (r *run) checkAlias(ctx context.Context, alias target.Alias, f *findings) {
	if over := rollout.OwnerExcess(rollout.ParseDescription(alias.Description).Owner); over > 0 {
		f.add("the description of alias %s is %d characters too long: the journal of a rollout needs room behind it, shorten it to 120", r.request.Alias, over)
	}
	var setting target.ProvisionedConcurrency
	err := r.timed(func() (err error) {
		setting, err = r.account.Versions.ProvisionedConcurrency(ctx, r.request.Function, r.request.Alias)
		return err
	})
	switch {
	case err == nil && setting.Status == "IN_PROGRESS":
		f.pending = fmt.Sprintf("provisioned concurrency of alias %s is being prepared", r.request.Alias)
	case err == nil:
		f.warn("alias %s has provisioned concurrency %d (%s): Lambda moves it to version %s at 100 %%, and until then calls to that version may start cold",
			r.request.Alias, setting.Requested, setting.Status, r.request.NewVersion)
	case !errors.Is(err, target.ErrNotFound):
		f.warn("provisioned concurrency of alias %s could not be read: %v", r.request.Alias, err)
	}
}

// checkVersions looks at the old and the new version, and whether an alias can be split between them.
func (r *run) checkVersions(ctx context.Context, alias *target.Alias, f *findings) error {
	fresh, freshOK, err := r.checkVersion(ctx, "new", r.request.NewVersion, f)
	if err != nil || alias == nil {
		return err
	}
	if strings.HasPrefix(alias.Routing.Primary, "$LATEST") {
		f.add("alias %s points at %s, which cannot share traffic: publish a version and point the alias at it", r.request.Alias, alias.Routing.Primary)
		return nil
	}
	old, oldOK, err := r.checkVersion(ctx, "old", alias.Routing.Primary, f)
	if err != nil || !freshOK || !oldOK {
		return err
	}
	if old.Role != fresh.Role {
		f.add("versions %s and %s have different execution roles, %s and %s, and Lambda splits traffic only between versions with the same: publish the new version with the old role, or move the alias at once (aws lambda update-alias)",
			alias.Routing.Primary, r.request.NewVersion, old.Role, fresh.Role)
	}
	if old.DeadLetter != fresh.DeadLetter {
		f.add("versions %s and %s have different dead-letter targets, %q and %q, and Lambda splits traffic only between versions with the same: publish the new version with the old one's, or move the alias at once (aws lambda update-alias)",
			alias.Routing.Primary, r.request.NewVersion, old.DeadLetter, fresh.DeadLetter)
	}
	return nil
}

// checkVersion looks at one version's existence and state.
func (r *run) checkVersion(ctx context.Context, which, number string, f *findings) (v target.Version, ok bool, err error) {
	if number == "" {
		return v, false, nil
	}
	err = r.timed(func() (err error) {
		v, err = r.account.Versions.Version(ctx, r.request.Function, number)
		return err
	})
	name := fmt.Sprintf("%s version %s of function %s", which, number, r.request.Function)
	switch {
	case errors.Is(err, target.ErrNotFound):
		f.add("%s does not exist: publish it (aws lambda publish-version) or check the number", name)
	case target.Permanent(err):
		f.add("%s cannot be looked at: %v; %s", name, err, remedyDenied)
	case err != nil:
		return v, false, fmt.Errorf("get-function-configuration: %w", err)
	case v.State == "Pending" || v.State == "Active" && v.UpdateStatus == "InProgress":
		f.pending = fmt.Sprintf("%s is in state %s, update %s", name, v.State, v.UpdateStatus)
	case v.State == "Inactive":
		f.warn("%s is Inactive, idle for long: its first call wakes it up", name)
	case v.State != "Active" && v.State != "":
		f.add("%s is in state %s (%s): it cannot serve, publish another one", name, v.State, v.Reason)
	case v.UpdateStatus == "Failed":
		f.add("the last update of %s failed (%s): it cannot serve, publish another one", name, v.Reason)
	case v.SnapStart && !v.Optimized:
		f.pending = name + " has no SnapStart snapshot yet"
	}
	return v, err == nil, nil
}
