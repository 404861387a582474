package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// limitError is why a call ended that took longer than we wait.
type limitError struct{ limit time.Duration }

func (e limitError) Error() string {
	return "it took longer than " + e.limit.String() + ", which is our own limit"
}

// Limit bounds calls with everything that is repeated of them. An error of Call says so where it was the limit.
func Limit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, limitError{limit})
}

// Call makes a call of an SDK's client. It fails with a *target.Error, which has the last error that AWS gave, also where the
// time was up before the call could be made again.
func Call[In, Out, Options any](
	ctx context.Context, method func(context.Context, *In, ...func(*Options)) (*Out, error), in *In,
) (*Out, error) {
	var last error
	out, err := method(context.WithValue(ctx, lastError{}, &last), in)
	if err == nil {
		return out, nil
	}
	failed := translate(err)
	if _, cut := errors.AsType[*aws.RequestCanceledError](err); cut && last != nil {
		failed.Message = translate(last).Message + ", and there was no time to ask again"
	}
	if ours, ok := errors.AsType[limitError](context.Cause(ctx)); ok {
		failed.Message = fmt.Sprintf("%v: %s", ours, failed.Message)
	}
	return nil, failed
}

// lastError is where a call's context keeps the error of the attempt before.
type lastError struct{}

// remembering is a retryer that keeps what an attempt ended with: the SDK forgets it where the pause after it is cut short.
type remembering struct{ aws.RetryerV2 }

// GetRetryToken is asked for before every attempt but the first.
func (r remembering) GetRetryToken(ctx context.Context, failed error) (func(error) error, error) {
	if last, ok := ctx.Value(lastError{}).(*error); ok {
		*last = failed
	}
	return r.RetryerV2.GetRetryToken(ctx, failed)
}

// mostPages is more pages than anything has that is read here.
const mostPages = 50

// Pages follows the pages of an answer. The zero Pages is before the first.
type Pages struct{ seen map[string]bool }

// More says whether there is another page, by the token that the last one gave for it. It fails where they would not
// end: at a token that was there before, and after more pages than there can be.
func (p *Pages) More(token *string) (bool, error) {
	if token == nil || *token == "" {
		return false, nil
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	if p.seen[*token] {
		return false, NoAnswer("the token of the next page is that of a page before, %s", *token)
	}
	if p.seen[*token] = true; len(p.seen) == mostPages {
		return false, NoAnswer("it has more than %d pages", mostPages)
	}
	return true, nil
}
