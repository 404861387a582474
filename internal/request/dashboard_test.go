package request_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/request"
)

// A dashboard's button sends a request, with the dashboard's own key beside it.
func TestADashboardAddsToARequest(t *testing.T) {
	r, context := request.FromDashboard([]byte(`{"action": "pause", "weight": 10.50, "widgetContext": {"theme": "dark"}}`))
	assert.Equal(t, `{"action":"pause","weight":10.50}`, string(r))
	assert.JSONEq(t, `{"theme": "dark"}`, string(context))
	for _, raw := range []string{
		`{"action": "pause"}`, `not JSON`, `["widgetContext"]`, ``, `{"action": "pause", "action": "rollback", "widgetContext": {}}`,
		`{"widgetContext": {}, "message": "` + strings.Repeat("x", request.MaxBytes) + `"}`,
	} {
		r, context := request.FromDashboard([]byte(raw))
		assert.Equal(t, raw, string(r))
		assert.Nil(t, context)
	}
}
