package cloud

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Translate turns an SDK error into one of the deployer's, with AWS's own code and message; nil stays nil.
func Translate(err error) error {
	if err == nil {
		return nil
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fmt.Errorf("%w: %w", target.ErrUnavailable, err)
	}
	return fmt.Errorf("%w: %s: %s", kind(api.ErrorCode(), status(err)), api.ErrorCode(), api.ErrorMessage())
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
	switch {
	case status >= http.StatusInternalServerError:
		return target.ErrUnavailable
	case strings.Contains(code, "Throttl"), strings.Contains(code, "TooManyRequests"), strings.Contains(code, "LimitExceeded"),
		status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusConflict:
		return target.ErrUnavailable
	case code == "PreconditionFailedException", status == http.StatusPreconditionFailed:
		return target.ErrMoved
	case strings.Contains(code, "NotFound"), status == http.StatusNotFound:
		return target.ErrNotFound
	case strings.Contains(code, "AccessDenied"), strings.Contains(code, "UnrecognizedClient"), strings.Contains(code, "InvalidClientTokenId"), strings.Contains(code, "ExpiredToken"),
		status == http.StatusForbidden, status == http.StatusUnauthorized:
		return target.ErrDenied
	case status >= 400 && status < 500:
		return target.ErrRefused
	default:
		return target.ErrUnavailable
	}
}
