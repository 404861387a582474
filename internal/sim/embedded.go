package sim

import (
	"encoding/json"
	"log/slog"
	"time"
)

// Logs is the log of a function of the account: CloudWatch takes metrics from its lines in the embedded metric format, without a
// call (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html). What else
// is logged is kept by nobody.
func (w *World) Logs() *slog.Logger { return slog.New(slog.NewJSONHandler(logs{w}, nil)) }

type logs struct{ world *World }

// Write takes one line.
func (l logs) Write(line []byte) (int, error) {
	l.world.Logged(line)
	return len(line), nil
}

// Logged takes the metrics of a line that a function has logged; what is not in the format is no metric.
func (w *World) Logged(line []byte) {
	var head struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	var members map[string]any
	if json.Unmarshal(line, &head) != nil || json.Unmarshal(line, &members) != nil {
		return
	}
	at := time.UnixMilli(head.AWS.Timestamp).UTC()
	for _, d := range head.AWS.CloudWatchMetrics {
		for _, names := range d.Dimensions {
			dimensions := map[string]string{}
			for _, name := range names {
				if value, ok := members[name].(string); ok && value != "" {
					dimensions[name] = value
				}
			}
			for _, m := range d.Metrics {
				if value, ok := members[m.Name].(float64); ok && len(dimensions) == len(names) {
					w.WriteMetric(Metric{Namespace: d.Namespace, Name: m.Name, Dimensions: dimensions}, ValueAt(at, value))
				}
			}
		}
	}
}
