package functions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Invoke calls a function and waits for its answer. HTTP status 200 with a function error is a failure of the function,
// and so is an answer that is larger than what is read.
func (f Functions) Invoke(ctx context.Context, i target.Invocation) (target.Reply, error) {
	in := &lambda.InvokeInput{FunctionName: &i.Function, Payload: i.Payload, InvocationType: types.InvocationTypeRequestResponse}
	if i.TenantID != "" {
		in.TenantId = &i.TenantID
	}
	out, err := cloud.Call(ctx, f.invoke.Invoke, in)
	switch {
	case errors.Is(err, cloud.ErrTooLarge):
		return target.Reply{Failure: target.TooLarge}, nil
	case err != nil:
		return target.Reply{}, tenancy(err, i.TenantID)
	case out.StatusCode != http.StatusOK:
		return target.Reply{}, cloud.NoAnswer("a synchronous invocation of %s has the status %d", i.Function, out.StatusCode)
	case out.FunctionError != nil:
		const shown = 300
		return target.Reply{Failure: printable.Text(*out.FunctionError+": "+string(out.Payload), shown)}, nil
	}
	return target.Reply{Body: out.Payload}, nil
}

// tenancy says what Lambda means where it refuses an invocation for its tenant id: the same error stands for one that is
// missing and for one that must not be there.
func tenancy(err error, tenant string) error {
	refused, ok := errors.AsType[*target.Error](err)
	if !ok || !isTenancy(err) {
		return err
	}
	hint := "the function has tenant isolation: give a tenant-id"
	if tenant != "" {
		hint = fmt.Sprintf("the tenant-id is %q: leave it out where the function has no tenant isolation", printable.Text(tenant, 256))
	}
	refused.Message += "; " + hint
	return refused
}

// isTenancy says whether Lambda refuses an invocation for its tenant id, by the only sign there is of it, the text.
func isTenancy(err error) bool {
	return errors.Is(err, target.ErrRefused) && strings.Contains(strings.ToLower(err.Error()), "tenant")
}

// CanInvoke asks Lambda whether an invocation would be let through.
func (f Functions) CanInvoke(ctx context.Context, function string) error {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, f.control.Invoke, &lambda.InvokeInput{FunctionName: &function, InvocationType: types.InvocationTypeDryRun})
	switch {
	case isTenancy(err):
		return nil // who may not invoke it at all is told that first
	case err == nil && out.StatusCode != http.StatusNoContent:
		return cloud.NoAnswer("a dry run of %s has the status %d", function, out.StatusCode)
	}
	return err
}
