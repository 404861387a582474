package target_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// What is missing, what is denied and what is refused are mended each in its own way.
func TestRemedy(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"missing":                   {target.ErrNotFound, "create what is missing, or check its name, region and account"},
		"denied":                    {&target.Error{Kind: target.ErrDenied, Action: "lambda:GetAlias", Message: "no"}, "give the role that calls the permission lambda:GetAlias"},
		"denied, nobody knows what": {target.ErrDenied, "give the role that calls the permission that AWS names there"},
		"credentials":               {&target.Error{Kind: target.ErrCredentials, Action: "lambda:GetAlias", Message: "expired"}, "renew the credentials"},
		"refused":                   {target.ErrRefused, "change what AWS objects to: the same call is refused again"},
		"unavailable":               {target.ErrUnavailable, ""},
		"moved":                     {target.ErrMoved, ""},
		"what is not known":         {errors.New("?"), ""},
		"nothing":                   {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.err
			if err != nil {
				err = fmt.Errorf("wrapped: %w", err)
			}
			assert.Equal(t, c.want, target.Remedy(err))
			assert.Equal(t, c.want != "", target.Permanent(err))
		})
	}
}

func TestErrorHasItsKindAndItsCause(t *testing.T) {
	err := fmt.Errorf("x: %w", &target.Error{Kind: target.ErrUnavailable, Action: "lambda:GetAlias", Message: "no answer", Cause: context.DeadlineExceeded})
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualError(t, err, "x: unavailable: no answer")
	require.ErrorIs(t, &target.Error{Kind: target.ErrMoved}, target.ErrMoved)
}
