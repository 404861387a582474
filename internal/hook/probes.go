package hook

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// probesFor are the probes whose pattern matches the whole bare name.
func probesFor(probes []rollout.Probe, function string) []rollout.Probe {
	return slices.DeleteFunc(slices.Clone(probes), func(p rollout.Probe) bool {
		matches, err := path.Match(p.Function, function)
		return p.Function != "" && (err != nil || !matches)
	})
}

// run invokes the version with one probe, and the old one where the answers are compared.
func (p PreTraffic) run(ctx context.Context, t Target, probe rollout.Probe) error {
	fresh, err := p.ask(ctx, t.qualified(), probe)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	result := probe.Judge(fresh, nil)
	if probe.Compare && result.Unmet == "" {
		if t.OldVersion == "" {
			return errors.New("compare wants the old version's answer, and which version that is is not known: leave compare out")
		}
		old, err := p.ask(ctx, t.Function+":"+t.OldVersion, probe)
		if err != nil {
			return fmt.Errorf("no answer of the old version: %w", err)
		}
		result = probe.Judge(fresh, &old)
	}
	if result.Unmet != "" {
		return errors.New(result.Unmet)
	}
	return nil
}

// ask invokes a version with a probe. An invocation whose answer was lost is made again, and so is one that woke the
// version: a probe runs at least once.
func (p PreTraffic) ask(ctx context.Context, version string, probe rollout.Probe) (a rollout.ProbeAnswer, err error) {
	err = retried(ctx, p.Clock, func() (err error) {
		asked := p.Clock.Now()
		reply, err := p.Functions.Invoke(ctx, target.Invocation{Function: version, Payload: probe.Payload, TenantID: probe.TenantID})
		a.Body, a.Failure = reply.Body, reply.Failure
		a.Took = p.Clock.Now().Sub(asked)
		return err
	})
	p.Log.InfoContext(ctx, "probe", "name", probe.Name, "of", version, "payload", digest(probe.Payload), "answer", digest(a.Body), "took", a.Took.String())
	return a, err
}

// digest tells one text from another without telling it.
func digest(text []byte) string {
	return fmt.Sprintf("sha256 %.4x, %d bytes", sha256.Sum256(text), len(text))
}
