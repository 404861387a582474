//go:build e2e

package e2e

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/executions"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// What a hand-over rests on, of the simulated account and of moto's Step Functions, which others wrote: a name is one execution
// while it runs with the same input, and taken by what has ended or has another.
func TestStartsOfExecutions(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) (*target.LongEngine, func(arn string)){"the simulated account": simulated, "moto": moto} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, stop := open(t)
			arn, err := engine.Start(t.Context(), "f-live-2-0a1b2c3d", []byte(`{"a":1}`))
			require.NoError(t, err)
			assert.Equal(t, engine.ExecutionARN("f-live-2-0a1b2c3d"), arn)
			again, err := engine.Start(t.Context(), "f-live-2-0a1b2c3d", []byte(`{"a":1}`))
			require.NoError(t, err)
			assert.Equal(t, arn, again)
			_, err = engine.Start(t.Context(), "f-live-2-0a1b2c3d", []byte(`{"a":2}`))
			require.ErrorIs(t, err, target.ErrExists)
			running, err := engine.Running(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []string{arn}, running)
			e, err := engine.Execution(t.Context(), arn)
			require.NoError(t, err)
			assert.Equal(t, target.ExecutionRunning, e.Status)
			assert.Equal(t, `{"a":1}`, string(e.Input))

			stop(arn)
			_, err = engine.Start(t.Context(), "f-live-2-0a1b2c3d", []byte(`{"a":1}`))
			require.ErrorIs(t, err, target.ErrExists)
			e, err = engine.Execution(t.Context(), arn)
			require.NoError(t, err)
			assert.Equal(t, target.ExecutionAborted, e.Status)
			running, err = engine.Running(t.Context())
			require.NoError(t, err)
			assert.Empty(t, running)

			second, err := engine.Start(t.Context(), "f-live-2-0a1b2c3d-2", []byte(`{"a":1}`))
			require.NoError(t, err)
			assert.Equal(t, arn+"-2", second)
			_, err = engine.Execution(t.Context(), engine.ExecutionARN("gone"))
			require.ErrorIs(t, err, target.ErrNotFound)
			_, err = engine.Start(t.Context(), "no spaces", nil)
			require.ErrorIs(t, err, target.ErrRefused)
		})
	}
}

func simulated(t *testing.T) (*target.LongEngine, func(string)) {
	l := newLab(t)
	config := cloud.Load(func(key string) string { return settings(l.url)[key] })
	return executions.LongEngine(config, sim.RolloutMachine), func(arn string) {
		l.touch(func(w *sim.World) { w.EndExecution(arn, target.ExecutionAborted, nil, "", "") })
	}
}

func moto(t *testing.T) (*target.LongEngine, func(string)) {
	url := startMoto(t)
	config := cloud.Load(func(key string) string { return settings(url)[key] })
	client := sfn.NewFromConfig(config)
	name, definition, role := "meta-deployer-rollout", `{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}`, "arn:aws:iam::123456789012:role/r"
	made, err := client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: &role})
	require.NoError(t, err)
	return executions.LongEngine(config, *made.StateMachineArn), func(arn string) {
		_, err := client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &arn})
		require.NoError(t, err)
	}
}

// settings are those of a client at an endpoint.
func settings(url string) map[string]string {
	return map[string]string{"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
}
