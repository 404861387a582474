package durable_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// An execution that lives keeps its rollout from another by the same request, and from no other request.
func TestALivingExecutionKeepsItsRollout(t *testing.T) {
	for name, tt := range map[string]struct {
		request string
		keeps   bool
	}{
		"the same, spelt otherwise": {`{"steps": 3, "interval": 60, "new-version": "2", "alias": "live", "function-name": "f"}`, true},
		"another schedule":          {strings.Replace(request, "60", "70", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			first := newExecution(t, request, nil)
			second := another(t, first.world, tt.request)
			second.Name = "again"
			second.function.Worker.Engines = []target.Engine{{Observer: first.Execution, Kind: "durable", Longest: rollout.LongestWorkflow}}
			first.run(func() {
				first.after(90 * time.Second)
				second.Run(second.invoke)
			})
			if !tt.keeps {
				first.succeeds("in-progress")
				second.succeeds("succeeded")
				return
			}
			first.succeeds("succeeded")
			second.succeeds("in-progress")
			var answer struct{ Driver, Execution, Reason string }
			require.NoError(t, json.Unmarshal([]byte(second.Result), &answer))
			assert.Equal(t, []string{"durable", first.ARN()}, []string{answer.Driver, answer.Execution})
			assert.Contains(t, answer.Reason, "durable f-live-2 runs rollout ")
			assert.Equal(t, upwards, first.routings())
		})
	}
}
