//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// cli runs one command of the AWS CLI at the lab, in a directory.
func (l *lab) cli(t *testing.T, directory string, command ...string) outcome {
	t.Helper()
	return execute(t, directory, append([]string{
		peer(t, ".venv-peers", "python"), peer(t, ".venv-peers", "aws"), "--endpoint-url", l.url, "--cli-read-timeout", "0",
	}, command...)...)
}

// As make local has it: the AWS CLI starts a rollout and sees it move.
func TestCLIDrivesARollout(t *testing.T) {
	t.Parallel()
	l, directory := newLab(t), t.TempDir()
	path := runtimetest.Build(t, "./functions/deployer")
	l.start(t, "meta-deployer", path, nil)
	l.start(t, "another", path, nil) // one process serves one invocation at a time
	require.NoError(t, os.WriteFile(filepath.Join(directory, "request.json"), []byte(approved), 0o600))
	ended := make(chan outcome, 1)
	go func() {
		ended <- l.cli(t, directory, "lambda", "invoke", "--function-name", "meta-deployer", "--payload", "file://request.json", "out.json")
	}()
	l.until(t, "live", split)
	seen := l.cli(t, "", "lambda", "get-alias", "--function-name", "checkout", "--name", "live")
	assert.Contains(t, seen.out, `"AdditionalVersionWeights"`)
	assert.Contains(t, seen.out, `[meta-deployer 1>2 at `)
	went := l.cli(t, directory, "lambda", "invoke", "--function-name", "another", "--payload", resume, "resumed.json")
	assert.Zero(t, went.status, went.problem)
	invoked := <-ended
	assert.Zero(t, invoked.status, invoked.problem)
	assert.Contains(t, invoked.out, `"StatusCode": 200`)
	assert.NotContains(t, invoked.out, "FunctionError")
	out, err := os.ReadFile(filepath.Join(directory, "out.json"))
	require.NoError(t, err)
	l.answered(t, runtimetest.Result{Answer: out}, "succeeded")
}

// The codes are AWS's (docs/fidelity.md says who recorded them), as the CLI prints them.
func TestCLIErrors(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	alias := func(rest ...string) []string {
		return append([]string{"lambda", "update-alias", "--function-name", "checkout", "--name", "live"}, rest...)
	}
	weights := func(weights string) []string {
		return alias("--routing-config", `{"AdditionalVersionWeights": `+weights+`}`)
	}
	for name, test := range map[string]struct {
		command []string
		want    string
	}{
		"no alias":            {[]string{"lambda", "get-alias", "--function-name", "checkout", "--name", "none"}, "(ResourceNotFoundException) when calling the GetAlias operation: Cannot find alias arn:"},
		"no function":         {[]string{"lambda", "get-function-configuration", "--function-name", "none"}, "(ResourceNotFoundException) when calling the GetFunctionConfiguration operation: Function not found:"},
		"no alias to update":  {[]string{"lambda", "update-alias", "--function-name", "checkout", "--name", "none"}, "(ResourceNotFoundException) when calling the UpdateAlias operation: Alias not found:"},
		"another region":      {[]string{"lambda", "get-alias", "--function-name", "arn:aws:lambda:us-east-1:123456789012:function:checkout", "--name", "live"}, "(ResourceNotFoundException)"},
		"two qualifiers":      {[]string{"lambda", "get-function-configuration", "--function-name", "checkout:1", "--qualifier", "2"}, "(InvalidParameterValueException) when calling the GetFunctionConfiguration operation: The derived qualifier"},
		"a stale revision":    {alias("--revision-id", "revision-0"), "(PreconditionFailedException) when calling the UpdateAlias operation: The Revision Id provided does not match"},
		"two versions more":   {weights(`{"2": 0.1, "3": 0.1}`), "(InvalidParameterValueException) when calling the UpdateAlias operation: Number of items in AdditionalVersionWeights cannot be greater than 1"},
		"its own version":     {weights(`{"1": 0.1}`), "(InvalidParameterValueException) when calling the UpdateAlias operation: Invalid function version 1."},
		"too much":            {weights(`{"2": 2.0}`), "(ValidationException) when calling the UpdateAlias operation: 1 validation error detected:"},
		"$LATEST":             {weights(`{"$LATEST": 0.1}`), "(ValidationException)"},
		"no version":          {weights(`{"10": 0.1}`), "(ResourceNotFoundException) when calling the UpdateAlias operation: Function not found:"},
		"an alias again":      {[]string{"lambda", "create-alias", "--function-name", "checkout", "--name", "live", "--function-version", "1"}, "(ResourceConflictException) when calling the CreateAlias operation: Alias already exists:"},
		"an alias of digits":  {[]string{"lambda", "create-alias", "--function-name", "checkout", "--name", "12", "--function-version", "1"}, "(ValidationException)"},
		"no concurrency":      {[]string{"lambda", "get-provisioned-concurrency-config", "--function-name", "checkout", "--qualifier", "live"}, "(ProvisionedConcurrencyConfigNotFoundException)"},
		"nothing to invoke":   {[]string{"lambda", "invoke", "--function-name", "none", "out.json"}, "(ResourceNotFoundException) when calling the Invoke operation: Function not found:"},
		"no deployment":       {[]string{"deploy", "list-deployment-targets", "--deployment-id", "d-none"}, "(DeploymentDoesNotExistException)"},
		"no alarm":            {[]string{"cloudwatch", "set-alarm-state", "--alarm-name", "none", "--state-value", "OK", "--state-reason", "x"}, "(ResourceNotFound)"},
		"an unknown call":     {[]string{"cloudwatch", "list-dashboards"}, "(UnknownOperationException)"},
		"an unknown resource": {[]string{"lambda", "list-layers"}, "(UnknownOperationException)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := l.cli(t, t.TempDir(), test.command...)
			assert.Equal(t, 255, ended.status)
			assert.Contains(t, ended.problem, test.want)
		})
	}
}

func TestCLIReads(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var metrics struct {
		MetricDataResults []struct {
			ID     string
			Values []float64
		}
	}
	queries := `[{"Id": "calls", "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Invocations",
		"Dimensions": [{"Name": "FunctionName", "Value": "checkout"}, {"Name": "Resource", "Value": "checkout:live"}]}}}]`
	now := time.Now().UTC().Truncate(time.Minute)
	read := l.cli(t, "", "cloudwatch", "get-metric-data", "--metric-data-queries", queries,
		"--start-time", now.Add(-3*time.Minute).Format(time.RFC3339), "--end-time", now.Format(time.RFC3339))
	require.NoError(t, json.Unmarshal([]byte(read.out), &metrics), read.problem)
	require.Len(t, metrics.MetricDataResults, 1)
	assert.Equal(t, []float64{1200, 1200, 1200}, metrics.MetricDataResults[0].Values)

	assert.Contains(t, l.cli(t, "", "cloudwatch", "describe-alarms").out, `"AlarmName": "checkout-errors"`)
	assert.Contains(t, l.cli(t, "", "sts", "get-caller-identity").out, `"Account": "123456789012"`)
	assert.Contains(t, l.cli(t, "", "lambda", "list-aliases", "--function-name", "checkout").out, `"Name": "candidate"`)
	moved := l.cli(t, "", "lambda", "update-alias", "--function-name", "checkout", "--name", "idle", "--function-version", "2",
		"--routing-config", `{"AdditionalVersionWeights": {"1": 0.25}}`, "--description", "by hand")
	assert.Zero(t, moved.status, moved.problem)
	assert.Equal(t, target.Alias{Routing: rollout.Routing{Primary: "2", Secondary: "1", Weight: 25_00}, Description: "by hand"}, withoutRevision(l.alias(t, "idle")))
}

// boto3 speaks CloudWatch's three protocols, and everything that the CLI does.
func TestBoto3(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.deploy(t, old)
	ended := execute(t, t.TempDir(), peer(t, ".venv-peers", "python"), absolute(t, "testdata/clients.py"), l.url)
	assert.Zero(t, ended.status, ended.problem)
	assert.Equal(t, "Succeeded", l.reported(t))
}
