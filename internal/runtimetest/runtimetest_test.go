package runtimetest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
)

// patience bounds what a test waits for, on a busy machine too.
const patience = 5 * time.Minute

func TestProcess(t *testing.T) {
	path := runtimetest.Build(t, "./internal/runtimetest/testdata/function")
	start := func() *runtimetest.Process {
		return runtimetest.Start(t, path, map[string]string{"SETTING": "set"})
	}

	p := start()
	var ids []string
	for range 2 {
		result := p.Invoke([]byte(`"answer"`), patience)
		var told struct {
			ARN, ID, Setting string
			Left             float64
		}
		require.NoError(t, json.Unmarshal(result.Answer, &told), result.ErrorMessage)
		assert.Equal(t, runtimetest.FunctionARN, told.ARN)
		assert.Equal(t, "set", told.Setting)
		assert.Greater(t, told.Left, 0.0)
		assert.LessOrEqual(t, told.Left, patience.Seconds())
		ids = append(ids, told.ID)
	}
	assert.NotEqual(t, ids[0], ids[1], "every invocation has its own id")
	result := p.Invoke([]byte(`"fail"`), patience)
	assert.Equal(t, "errorString", result.ErrorType)
	assert.Equal(t, "it failed", result.ErrorMessage)
	assert.Nil(t, result.Answer)
	assert.NotNil(t, p.Invoke([]byte(`"answer"`), patience).Answer, "an error does not end the process")
	assert.Contains(t, p.Log(), "doing fail")

	assert.Equal(t, "it panicked", p.Invoke([]byte(`"panic"`), patience).ErrorMessage)
	assert.Equal(t, "Runtime.ExitError", p.Invoke([]byte(`"answer"`), patience).ErrorType, "a panic does")
	assert.Equal(t, "Runtime.ExitError", start().Invoke([]byte(`"exit"`), patience).ErrorType)

	result = start().Invoke([]byte(`"hang"`), time.Second)
	assert.Equal(t, "Sandbox.Timedout", result.ErrorType)
	assert.GreaterOrEqual(t, result.Took, time.Second)
	assert.Less(t, result.Took, patience)

	killed := start()
	time.AfterFunc(300*time.Millisecond, killed.Kill)
	result = killed.Invoke([]byte(`"hang"`), patience)
	assert.Equal(t, "Runtime.ExitError", result.ErrorType)
	assert.Less(t, result.Took, patience)
}

func TestRun(t *testing.T) {
	p, err := runtimetest.Run(runtimetest.Build(t, "./internal/runtimetest/testdata/function"), nil)
	require.NoError(t, err)
	defer p.Close()
	for range 2 {
		took, err := p.Ready()
		require.NoError(t, err)
		assert.Positive(t, took)
		assert.Less(t, took, patience)
	}
	assert.Positive(t, p.PID())
	if peak, err := p.PeakMemory(); err == nil { // Linux
		assert.Greater(t, peak, 1<<20)
		assert.Less(t, peak, 1<<30)
	}
	p.Kill()
	assert.Positive(t, p.CPU())

	_, err = runtimetest.Run("/nowhere", nil)
	require.Error(t, err)
}
