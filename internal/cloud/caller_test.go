package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/request"
)

func TestWhatTheEnvironmentAllows(t *testing.T) {
	set := map[string]string{"FORCE_FUNCTIONS": "orders,cart-*"}
	lookup := func(name string) (string, bool) {
		text, ok := set[name]
		return text, ok
	}
	assert.Equal(t, request.Home{Force: request.Patterns{"orders", "cart-*"}}, cloud.Home(lookup), "what is not set is allowed")
	set["EMERGENCY_FUNCTIONS"] = ""
	assert.Equal(t, request.Home{Force: request.Patterns{"orders", "cart-*"}, Emergency: request.Patterns{}}, cloud.Home(lookup), "what is empty is not")
}
