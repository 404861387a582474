package hook

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

func TestPatternsMatchTheWholeName(t *testing.T) {
	tests := []struct {
		pattern, function string
		matches           bool
	}{
		{"orders", "orders", true},
		{"orders", "my-orders", false},
		{"orders", "orders-2", false},
		{"*orders", "my-orders", true},
		{"my-*", "my-", true},
		{"my-*-api", "my-orders-api", true},
		{"my-*-api", "my-orders-api-2", false},
		{"*", "anything", true},
		{"*a*b*", "xxaxxbxx", true},
		{"Orders", "orders", false},
	}
	for _, test := range tests {
		found := probesFor([]rollout.Probe{{Function: test.pattern}}, test.function)
		assert.Equal(t, test.matches, len(found) == 1, "%s on %s", test.pattern, test.function)
	}
	assert.Len(t, probesFor([]rollout.Probe{{}}, "anything"), 1, "a probe without a function is for every one")
}
