package endpoint

import (
	"cmp"
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// putMetricAlarm makes an alarm on one metric.
func (e *Endpoint) putMetricAlarm(ctx context.Context, c call) (wire.Answer, error) {
	var body struct {
		AlarmName, Namespace, MetricName, Statistic, ExtendedStatistic, ComparisonOperator, TreatMissingData string
		Dimensions                                                                                           dimensions
		Period, EvaluationPeriods, DatapointsToAlarm                                                         wire.Number
		Threshold                                                                                            *wire.Number
		Metrics                                                                                              []object
	}
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	statistic, period, periods := cmp.Or(body.Statistic, body.ExtendedStatistic), int(body.Period), int(body.EvaluationPeriods)
	_, known := sim.Datapoint{}.Statistic(statistic)
	switch {
	case body.AlarmName == "":
		return wire.Answer{}, invalid("1 validation error detected: Value null at 'alarmName' failed to satisfy constraint: Member must not be null")
	case len(body.Metrics) > 0:
		return wire.Answer{}, invalid("the simulated account has alarms on one metric only: give Namespace and MetricName")
	case body.Namespace == "" || body.MetricName == "" || !known:
		return wire.Answer{}, invalid("an alarm needs Namespace, MetricName and a statistic that the simulated account has")
	case period < 60 || period%60 != 0:
		return wire.Answer{}, invalid("Period must be a multiple of 60 in the simulated account")
	case periods < 1 || int(body.DatapointsToAlarm) > periods:
		return wire.Answer{}, invalid("EvaluationPeriods must be at least 1, and DatapointsToAlarm no more")
	case body.Threshold == nil || sim.Comparisons()[body.ComparisonOperator] == nil:
		return wire.Answer{}, invalid("an alarm needs a Threshold and a ComparisonOperator such as GreaterThanThreshold")
	}
	m := sim.Metric{Namespace: body.Namespace, Name: body.MetricName, Dimensions: body.Dimensions.byName(), Period: time.Duration(period) * time.Second}
	return wire.Answer{}, e.control.PutAlarm(ctx, body.AlarmName, sim.AlarmRule{
		Metric: m, Statistic: statistic, Comparison: body.ComparisonOperator, Threshold: float64(*body.Threshold),
		Periods: periods, Breaching: cmp.Or(int(body.DatapointsToAlarm), periods), Missing: body.TreatMissingData,
	})
}
