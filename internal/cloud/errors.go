package cloud

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/credentials"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// longestText is how much is taken over of a text that AWS gives: its own are shorter, but nothing holds it to that.
const longestText = 500

// Text is a text of AWS, fit to be shown.
func Text(text string) string { return printable.Text(text, longestText) }

// NoAnswer is an answer that is not one: what it lacks, or has and cannot have. Whether the call was done is not known.
func NoAnswer(format string, values ...any) error {
	return &target.Error{Kind: target.ErrUnavailable, Message: "AWS's answer is none: " + Text(fmt.Sprintf(format, values...))}
}

// Failed is what AWS says of a part of a call, in an answer whose status is that of a success. action is the call, as a policy
// names it.
func Failed(action string, said smithy.APIError) error {
	e := translate(said)
	status := http.StatusBadRequest
	if strings.HasPrefix(said.ErrorCode(), "Internal") {
		status = http.StatusInternalServerError
	}
	e.Kind, e.Action = kind(said.ErrorCode(), status), action
	return e
}

// translate turns an SDK error into one of the deployer's, with AWS's own code and message.
func translate(err error) *target.Error {
	e := &target.Error{Kind: target.ErrUnavailable, Action: action(err), Message: Text(err.Error()), Cause: err}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		e.Kind = kind(api.ErrorCode(), status(err))
		e.Message = Text(api.ErrorCode() + ": " + api.ErrorMessage())
	}
	if _, ok := errors.AsType[*credentials.StaticCredentialsEmptyError](err); ok {
		e.Kind, e.Message = target.ErrCredentials, "there are none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	}
	if setting, ok := errors.AsType[settingError](err); ok {
		e.Kind, e.Message = target.ErrRefused, setting.Error()
	}
	return e
}

// action is what failed, as a policy names it: of a call that first assumes a role it may be that.
func action(err error) string {
	var name string
	for op, ok := errors.AsType[*smithy.OperationError](err); ok; op, ok = errors.AsType[*smithy.OperationError](op.Err) {
		name = strings.ToLower(op.ServiceID) + ":" + op.OperationName
	}
	if name == "lambda:Invoke" {
		return "lambda:InvokeFunction"
	}
	return name
}

// status is the HTTP status of an SDK error; zero without one.
func status(err error) int {
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return response.HTTPStatusCode()
	}
	return 0
}

// kind classifies AWS's error codes, as the service models list them. Some have no Go type, such as ValidationException
// and AccessDeniedException, and throttling comes with status 400 or 429.
func kind(code string, status int) error {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(code, part) {
				return true
			}
		}
		return false
	}
	switch {
	case status >= http.StatusInternalServerError:
		return target.ErrUnavailable
	case has("Throttl", "TooManyRequests", "LimitExceeded", "QuotaExceeded", "SnapStart"),
		status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusConflict:
		return target.ErrUnavailable
	case has("PreconditionFailed"), status == http.StatusPreconditionFailed:
		return target.ErrMoved
	case has("NotFound"), status == http.StatusNotFound:
		return target.ErrNotFound
	case has("UnrecognizedClient", "InvalidClientTokenId", "ExpiredToken", "RequestExpired", "Signature", "MissingAuthenticationToken"):
		return target.ErrCredentials
	case has("AccessDenied"), status == http.StatusForbidden, status == http.StatusUnauthorized:
		return target.ErrDenied
	case status >= 400 && status < 500:
		return target.ErrRefused
	default:
		return target.ErrUnavailable
	}
}
