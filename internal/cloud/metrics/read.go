package metrics

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// read asks for series, follows the pages and hands on every datapoint. It fails unless all of all series was read.
func (m Metrics) read(ctx context.Context, in *cloudwatch.GetMetricDataInput, wanted []series, take func(s series, at time.Time, value float64)) error {
	ctx, cancel := cloud.Limit(ctx, readTimeout)
	defer cancel()
	in.ScanBy = types.ScanByTimestampAscending
	known := map[string]series{}
	for _, s := range wanted {
		in.MetricDataQueries = append(in.MetricDataQueries, s.query)
		known[s.id] = s
	}
	states := states{}
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, m.data.GetMetricData, in)
		if err != nil {
			return err
		}
		if len(out.Messages) > 0 {
			return fmt.Errorf("%w: CloudWatch did not read everything%s", target.ErrUnavailable, explained(out.Messages))
		}
		states.turn()
		for _, result := range out.MetricDataResults {
			s, ok := known[aws.ToString(result.Id)]
			if !ok {
				continue
			}
			if err := usable(result, in); err != nil {
				return err
			}
			states.note(s.id, aws.ToString(result.Label), result.StatusCode)
			for k, at := range result.Timestamps {
				take(s, at.UTC(), result.Values[k])
			}
		}
		more, err := pages.More(out.NextToken)
		switch {
		case err != nil:
			return err
		case !more:
			return states.whole(wanted)
		}
		in.NextToken = out.NextToken
	}
}

// usable refuses a result that is neither complete nor partial, or that is not of the time that was asked for. Forbidden
// is a missing permission.
func usable(result types.MetricDataResult, in *cloudwatch.GetMetricDataInput) error {
	id := aws.ToString(result.Id)
	switch result.StatusCode {
	case types.StatusCodeComplete, types.StatusCodePartialData:
	case types.StatusCodeForbidden:
		return fmt.Errorf("%w: CloudWatch says Forbidden of %s%s", target.ErrDenied, id, explained(result.Messages))
	default:
		return fmt.Errorf("%w: CloudWatch says %q of %s%s", target.ErrUnavailable, cloud.Text(string(result.StatusCode)), id, explained(result.Messages))
	}
	if len(result.Timestamps) != len(result.Values) {
		return cloud.NoAnswer("%s has %d times and %d values", id, len(result.Timestamps), len(result.Values))
	}
	const aligned = 24 * time.Hour // CloudWatch begins with the period that the start is in
	for _, at := range result.Timestamps {
		if at.Before(in.StartTime.Add(-aligned)) || !at.Before(*in.EndTime) {
			return cloud.NoAnswer("%s has a datapoint of %s, which was not asked for", id, at.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// explained is what CloudWatch adds to a status.
func explained(messages []types.MessageData) string {
	var text strings.Builder
	for _, m := range messages {
		fmt.Fprintf(&text, "; %s: %s", aws.ToString(m.Code), aws.ToString(m.Value))
	}
	return cloud.Text(text.String())
}

// states are how far every result of an answer with pages has come. An expression may have several results of one id, and
// of one label too: what distinguishes those is their order on a page.
type states struct {
	last map[string]map[string]types.StatusCode
	page map[string]int
}

// turn begins a page.
func (s *states) turn() { s.page = map[string]int{} }

func (s *states) note(id, label string, state types.StatusCode) {
	if s.last == nil {
		s.last = map[string]map[string]types.StatusCode{}
	}
	if s.last[id] == nil {
		s.last[id] = map[string]types.StatusCode{}
	}
	one := id + " " + label
	s.page[one]++
	s.last[id][fmt.Sprint(one, s.page[one])] = state
}

// whole says whether everything that was asked for has come to its end. An expression that finds nothing has no result.
func (s *states) whole(wanted []series) error {
	for _, w := range wanted {
		if len(s.last[w.id]) == 0 && w.query.Expression == nil {
			return cloud.NoAnswer("it has nothing of %s", w.id)
		}
		for _, state := range s.last[w.id] {
			if state != types.StatusCodeComplete {
				return fmt.Errorf("%w: CloudWatch says %q of %s", target.ErrUnavailable, state, w.id)
			}
		}
	}
	return nil
}
