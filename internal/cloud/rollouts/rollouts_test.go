package rollouts_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/rollouts"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

type object = map[string]any

// account has a function whose alias had a rollout that ended well; what the deployer logs CloudWatch takes its metrics from.
func account(t *testing.T) *sim.World {
	t.Helper()
	w := sim.New()
	w.Publish("checkout", "1", sim.Version{})
	w.Publish("checkout", "2", sim.Version{})
	require.NoError(t, w.CreateAlias("checkout", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
	w.SetTraffic("checkout", "live", sim.Constant(5))
	w.Advance(10 * time.Minute)
	deployer := scenario.Deployer(w, w.Logs())
	deployer.Others = notify.Others{Installation: "meta-deployer"}
	w.Go(w.Elapsed(), func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		_, err := deployer.Handle(ctx, []byte(`{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 2, "interval": 60}`))
		assert.NoError(t, err)
	})
	w.Advance(12 * time.Minute)
	return w
}

// over is the account as the client reaches it.
func over(t *testing.T, w *sim.World) rollouts.Rollouts {
	t.Helper()
	start, began := w.Now(), time.Now()
	clock := target.WallClock()
	clock.Now = func() time.Time { return start.Add(time.Since(began)) }
	e := endpoint.New(w, clock.Now)
	go e.Run(t.Context())
	server := httptest.NewServer(e.Handler())
	t.Cleanup(server.Close)
	return rollouts.New(cloud.Load(func(key string) string {
		return map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}[key]
	}), clock)
}

// What the deployer logs is what a dashboard lists: the metrics come without a call.
func TestARolloutIsSeenByItsMetrics(t *testing.T) {
	w := account(t)
	w.WriteMetric(sim.Metric{Namespace: notify.Namespace, Name: "Weight", Dimensions: map[string]string{"FunctionName": "old", "Alias": "live"}}, sim.ValueAt(w.Now().Add(-14*time.Minute), 50))
	w.WriteMetric(sim.Metric{Namespace: notify.Namespace, Name: "Weight", Dimensions: map[string]string{"Installation": "x"}}, sim.ValueAt(w.Now(), 50))
	w.WriteMetric(sim.Metric{Namespace: notify.Namespace, Name: "Weight", Dimensions: map[string]string{"FunctionName": "checkout", "Alias": "live", "Stage": "x"}}, sim.ValueAt(w.Now(), 50))
	w.Advance(2 * time.Minute)
	now := w.Now()
	r := over(t, w)
	seen, more, err := r.Seen(t.Context(), now.Add(-20*time.Minute), now)
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, seen, 2, "what is no alias's is none")
	assert.Equal(t, rollout.Target{Function: "checkout", Alias: "live"}, seen[0].Target, "the latest look first")
	assert.InDelta(t, 100, seen[0].Percent, 0)
	assert.Equal(t, []target.Ending{{Name: "Succeeded", Count: 1}}, seen[0].Endings)
	assert.InDelta(t, 50, seen[1].Percent, 0)
	assert.Empty(t, seen[1].Endings)

	before, _, err := r.Seen(t.Context(), now.Add(-3*time.Hour), now.Add(-2*time.Hour))
	require.NoError(t, err)
	assert.Empty(t, before, "nothing was looked at then")
}

// A long time is read in few datapoints, and in none that CloudWatch does not have any more.
func TestALongTimeIsReadInLongPeriods(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 30, 0, time.UTC)
	for age, c := range map[time.Duration]struct {
		span time.Duration
		want float64
	}{
		3 * time.Hour: {3 * time.Hour, 60}, 14 * 24 * time.Hour: {14 * 24 * time.Hour, 6060}, 30 * 24 * time.Hour: {30 * 24 * time.Hour, 12_960 + 240},
		40 * 24 * time.Hour: {time.Hour, 300}, 300 * 24 * time.Hour: {time.Hour, 3600},
	} {
		server, r := serve(t, now, func(c wiretest.Call) wiretest.Answer {
			if c.Operation == "cloudwatch:ListMetrics" {
				return wiretest.Answer{Body: object{"Metrics": []object{metric("f", "live")}}}
			}
			return wiretest.Answer{Body: object{"MetricDataResults": []object{}}}
		})
		_, _, err := r.Seen(t.Context(), now.Add(-age), now.Add(c.span-age))
		require.NoError(t, err)
		queries := server.Calls("cloudwatch:GetMetricData")[0].Body.(object)["MetricDataQueries"].([]any)
		assert.Len(t, queries, 7)
		period := queries[0].(object)["MetricStat"].(object)["Period"].(float64)
		assert.InDelta(t, c.want, period, 0, "%s", age)
		assert.LessOrEqual(t, c.span.Seconds()/period, 200.0)
	}
}

func TestThereAreMoreAliasesThanOneCallReads(t *testing.T) {
	server, r := serve(t, time.Now(), func(c wiretest.Call) wiretest.Answer {
		body := c.Body.(object)
		if c.Operation != "cloudwatch:ListMetrics" {
			return wiretest.Answer{Body: object{"MetricDataResults": []object{}}}
		}
		page, _ := body["NextToken"].(string)
		var all []object
		for i := range 60 {
			all = append(all, metric(fmt.Sprintf("f%s%d", page, i), "live"))
		}
		if page == "" {
			return wiretest.Answer{Body: object{"Metrics": all, "NextToken": "2"}}
		}
		return wiretest.Answer{Body: object{"Metrics": all}}
	})
	_, more, err := r.Seen(t.Context(), time.Now().Add(-time.Hour), time.Now())
	require.NoError(t, err)
	assert.True(t, more)
	queries := server.Calls("cloudwatch:GetMetricData")[0].Body.(object)["MetricDataQueries"].([]any)
	assert.Len(t, queries, 7*rollouts.MostAliases)
	assert.LessOrEqual(t, len(queries), 500)
}

func TestWhatCloudWatchAnswersIsChecked(t *testing.T) {
	for name, answer := range map[string]wiretest.Answer{
		"nothing that was asked for": {Body: object{"MetricDataResults": []object{{"Id": "x", "StatusCode": "Complete"}}}},
		"times without values":       {Body: object{"MetricDataResults": []object{{"Id": "m0_0", "StatusCode": "Complete", "Timestamps": []time.Time{time.Now()}, "Values": []float64{}}}}},
		"denied":                     wiretest.Fail(403, "AccessDeniedException", "no"),
	} {
		_, r := serve(t, time.Now(), func(c wiretest.Call) wiretest.Answer {
			if c.Operation == "cloudwatch:ListMetrics" {
				return wiretest.Answer{Body: object{"Metrics": []object{metric("f", "live")}}}
			}
			return answer
		})
		_, _, err := r.Seen(t.Context(), time.Now().Add(-time.Hour), time.Now())
		require.Error(t, err, name)
	}
	_, r := serve(t, time.Now(), func(wiretest.Call) wiretest.Answer { return wiretest.Fail(403, "AccessDeniedException", "no") })
	_, _, err := r.Seen(t.Context(), time.Now().Add(-time.Hour), time.Now())
	require.ErrorIs(t, err, target.ErrDenied)
}

func metric(function, alias string) object {
	return object{"Namespace": notify.Namespace, "MetricName": "Weight", "Dimensions": []object{{"Name": "FunctionName", "Value": function}, {"Name": "Alias", "Value": alias}}}
}

func serve(t *testing.T, now time.Time, answer func(wiretest.Call) wiretest.Answer) (*wiretest.Server, rollouts.Rollouts) {
	t.Helper()
	server := wiretest.Start(t, answer)
	config := cloud.Load(server.Getenv)
	config.RetryMaxAttempts = 1
	clock := target.WallClock()
	clock.Now = func() time.Time { return now }
	return server, rollouts.New(config, clock)
}
