package widget

import (
	"encoding/json"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

// event is what a dashboard calls with: the widget's own parameters, which are a request, and where it is shown.
type event struct {
	// parameters are the widget's own; empty for the list.
	parameters map[string]json.RawMessage
	describe   bool
	dark       bool
	// since and until are the dashboard's time range.
	since, until time.Time
}

// dashboard is what a dashboard says of itself, as far as it matters here.
type dashboard struct {
	Theme     string `json:"theme"`
	TimeRange struct {
		span
		Zoom *span `json:"zoom"`
	} `json:"timeRange"`
}

// span is a time in milliseconds since 1970.
type span struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

const (
	// usual is the time range of a dashboard that names none, and longest what CloudWatch keeps.
	usual   = 3 * time.Hour
	longest = 455 * 24 * time.Hour
)

// parse reads what a dashboard called with. What it says of itself decides nothing: what of it cannot be read is left out.
func parse(raw []byte, now time.Time) (event, error) {
	own, shown := request.FromDashboard(raw)
	if len(own) > request.MaxBytes {
		return event{}, strictjson.ErrNotObject
	}
	parameters, err := strictjson.Object(own)
	if err != nil {
		return event{}, err
	}
	e := event{parameters: parameters, since: now.Add(-usual), until: now}
	if e.describe = string(parameters["describe"]) == "true"; parameters["describe"] != nil {
		delete(parameters, "describe")
	}
	var c dashboard
	_ = json.Unmarshal(shown, &c)
	e.dark = c.Theme == "dark"
	chosen := c.TimeRange.span
	if zoom := c.TimeRange.Zoom; zoom != nil && zoom.Start < zoom.End {
		chosen = *zoom
	}
	since, until := time.UnixMilli(chosen.Start).UTC(), time.UnixMilli(chosen.End).UTC()
	if since.Before(until) && since.After(now.Add(-longest)) && since.Before(now) {
		e.since, e.until = since, until
	}
	if e.until.After(now) {
		e.until = now
	}
	return e, nil
}

// asks says that the widget is about one alias.
func (e event) asks() bool { return e.parameters["function-name"] != nil }

// with is the event's request with other keys, as JSON, which has none of the characters that mean something in HTML.
func (e event) with(keys map[string]string) string {
	all := map[string]any{}
	for key, value := range e.parameters {
		all[key] = value
	}
	for key, value := range keys {
		all[key] = value
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return "{}"
	}
	return string(raw)
}
