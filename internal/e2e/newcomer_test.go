//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
)

// says runs a command of the AWS CLI, and reads what it answers.
func (r *reader) says(command string) (answer map[string]any, problem string) {
	r.t.Helper()
	ended := r.run("aws " + command)
	if ended.status != 0 {
		return nil, ended.problem
	}
	if strings.TrimSpace(ended.out) != "" {
		require.NoError(r.t, json.Unmarshal([]byte(ended.out), &answer), ended.out)
	}
	return answer, ""
}

// mustSay is says of a command that succeeds.
func (r *reader) mustSay(command string) map[string]any {
	r.t.Helper()
	answer, problem := r.says(command)
	require.Empty(r.t, problem, command)
	return answer
}

// TestMakeLocalHasWhatANewcomerTries with both versions of the AWS CLI.
func TestMakeLocalHasWhatANewcomerTries(t *testing.T) {
	t.Parallel()
	local := runtimetest.Build(t, "./internal/cmd/local")
	for version, cli := range clis(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := newReader(t, local, "1", cli)
			t.Run("functions", func(t *testing.T) { listsFunctions(t, r) })
			t.Run("calls of an alias", func(t *testing.T) { callsOfAnAlias(t, r) })
			t.Run("metrics", func(t *testing.T) { ownMetrics(t, r) })
			t.Run("what is not there", func(t *testing.T) { notThere(t, r) })
		})
	}
}

func listsFunctions(t *testing.T, r *reader) {
	listed := r.mustSay("lambda list-functions")["Functions"].([]any)
	assert.Equal(t, "checkout", listed[1].(map[string]any)["FunctionName"])
	one, two := r.mustSay("lambda get-function-configuration --function-name checkout --qualifier 1"), r.mustSay("lambda get-function-configuration --function-name checkout --qualifier 2")
	for _, key := range []string{"CodeSha256", "RevisionId", "LastModified", "Timeout", "MemorySize"} {
		assert.NotEmpty(t, one[key], key)
	}
	assert.NotEqual(t, one["CodeSha256"], two["CodeSha256"])
	assert.NotEqual(t, one["RevisionId"], two["RevisionId"])
	first := r.mustSay("lambda publish-version --function-name checkout")
	assert.Equal(t, first["Version"], r.mustSay("lambda publish-version --function-name checkout")["Version"], "nothing has changed")
	r.mustSay("lambda update-function-configuration --function-name checkout --description other")
	next := r.mustSay("lambda publish-version --function-name checkout")
	assert.NotEqual(t, first["Version"], next["Version"])
	assert.NotEqual(t, first["CodeSha256"], next["CodeSha256"])
}

// Version 3 fails one call in five, and gets half of them here.
func callsOfAnAlias(t *testing.T, r *reader) {
	r.mustSay(`lambda create-alias --function-name checkout --name mine --function-version 1 --routing-config AdditionalVersionWeights={3=0.5}`)
	ended := r.run(`for i in $(seq 12); do aws lambda invoke --function-name checkout:mine out.json; done`)
	require.Zero(t, ended.status, ended.problem)
	assert.Contains(t, ended.out, `"ExecutedVersion": "1"`)
	assert.Contains(t, ended.out, `"ExecutedVersion": "3"`)
	r.mustSay(`lambda update-alias --function-name checkout --name mine --function-version 3 --routing-config AdditionalVersionWeights={}`)
	require.Eventually(t, func() bool {
		ended := r.run(`aws lambda invoke --function-name checkout:mine out.json && cat out.json`)
		return strings.Contains(ended.out, `"FunctionError": "Unhandled"`) && strings.Contains(ended.out, "version 3 of checkout fails 20 % of its calls")
	}, patience, 10*time.Millisecond, "its own error comes back")
	require.Eventually(t, func() bool {
		answer := r.mustSay(`cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Invocations --statistics Sum Maximum --period 60 ` +
			`--dimensions Name=FunctionName,Value=checkout Name=Resource,Value=checkout:mine ` + lastHour())
		sum := 0.0
		for _, p := range answer["Datapoints"].([]any) {
			sum += p.(map[string]any)["Sum"].(float64)
		}
		return sum >= 13
	}, patience, 200*time.Millisecond, "one's own calls count")
}

// lastHour is a time range, up to a minute from now.
func lastHour() string {
	now := time.Now().UTC()
	return fmt.Sprintf("--start-time %s --end-time %s", now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Minute).Format(time.RFC3339))
}

func ownMetrics(t *testing.T, r *reader) {
	r.mustSay(`cloudwatch put-metric-data --namespace Shop --metric-name Orders --value 40 --dimensions Stage=live`)
	r.mustSay(`cloudwatch put-metric-data --namespace Shop --metric-data '[{"MetricName": "Orders", "Value": 2, "Dimensions": [{"Name": "Stage", "Value": "live"}]}]'`)
	r.mustSay(`cloudwatch put-metric-alarm --alarm-name few-orders --namespace Shop --metric-name Orders --dimensions Name=Stage,Value=live --statistic Sum --period 60 ` +
		`--evaluation-periods 5 --datapoints-to-alarm 1 --threshold 100 --comparison-operator LessThanThreshold --treat-missing-data notBreaching`)
	require.Eventually(t, func() bool {
		return len(r.mustSay(`cloudwatch list-metrics --namespace Shop --dimensions Name=Stage`)["Metrics"].([]any)) == 1
	}, patience, 200*time.Millisecond)
	assert.NotEmpty(t, r.mustSay(`cloudwatch list-metrics --namespace AWS/Lambda --metric-name Errors --dimensions Name=Resource,Value=checkout:live`)["Metrics"])
	require.Eventually(t, func() bool {
		answer := r.mustSay(`cloudwatch get-metric-data ` + lastHour() + ` --metric-data-queries '[
			{"Id": "half", "Expression": "orders / 2"},
			{"Id": "orders", "ReturnData": false, "MetricStat": {"Stat": "Sum", "Period": 3600, "Metric": {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Stage", "Value": "live"}]}}}]'`)
		results := answer["MetricDataResults"].([]any)
		require.Len(t, results, 1)
		sum := 0.0
		for _, v := range results[0].(map[string]any)["Values"].([]any) {
			sum += v.(float64)
		}
		return sum == 21
	}, patience, 200*time.Millisecond)
	require.Eventually(t, func() bool {
		alarms := r.mustSay(`cloudwatch describe-alarms --alarm-names few-orders`)["MetricAlarms"].([]any)
		return alarms[0].(map[string]any)["StateValue"] == "ALARM"
	}, patience, 200*time.Millisecond)
}

func notThere(t *testing.T, r *reader) {
	for command, says := range map[string]string{
		"iam list-users": "ListUsers of iam", "s3api list-buckets": "GET / of s3", "dynamodb list-tables": "ListTables of dynamodb",
		"ec2 describe-vpcs": "DescribeVpcs of ec2", "cloudwatch list-dashboards": "ListDashboards of ", "lambda list-layers": "GET /2018-10-31/layers of lambda",
		"logs describe-log-groups": "DescribeLogGroups of logs", "apigateway get-rest-apis": "GET /restapis of apigateway",
	} {
		_, problem := r.says(command)
		assert.Contains(t, problem, "(UnknownOperationException)", command)
		assert.Contains(t, problem, "the simulated account does not have "+says, command)
	}
}
