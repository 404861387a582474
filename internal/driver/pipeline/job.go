package pipeline

import (
	"encoding/json"
	"errors"
)

// Job is what is read of an event of AWS CodePipeline. The event has credentials too: nothing but these fields is decoded.
type Job struct {
	// ID is whom the answer goes to. A call that goes on may have another one than the first.
	ID string
	// Request is the action's UserParameters.
	Request string
	// Token is what the call before has answered; "" where it cannot be read, and of a first call.
	Token string
	// Continues says that there was a call before: the event has a token, whatever is in it.
	Continues bool
	// Refused is why the event is not one that a call can work on; "" where it is.
	Refused string
}

// UnknownEvent is an event without a job: there is nobody to answer to.
type UnknownEvent struct{ message string }

func (e UnknownEvent) Error() string { return e.message }

// event is the part of the event that is decoded.
type event struct {
	Job struct {
		ID   string `json:"id"`
		Data struct {
			ActionConfiguration struct {
				Configuration struct {
					UserParameters string `json:"UserParameters"`
				} `json:"configuration"`
			} `json:"actionConfiguration"`
			ContinuationToken json.RawMessage `json:"continuationToken"`
		} `json:"data"`
	} `json:"CodePipeline.job"`
}

// ParseJob reads an event. What has a job's id is a job, however little else is right about it, so that it is answered; the
// error is an UnknownEvent, and shows nothing of the event.
func ParseJob(payload []byte) (Job, error) {
	var e event
	err := json.Unmarshal(payload, &e)
	mistyped, known := errors.AsType[*json.UnmarshalTypeError](err)
	if err != nil && !known || e.Job.ID == "" {
		return Job{}, UnknownEvent{`the event has no job: send what CodePipeline's Invoke action sends, {"CodePipeline.job": {"id": …}}`}
	}
	data := e.Job.Data
	j := Job{ID: e.Job.ID, Request: data.ActionConfiguration.Configuration.UserParameters}
	if raw := string(data.ContinuationToken); raw != "" && raw != "null" && raw != `""` {
		j.Continues = true
		_ = json.Unmarshal(data.ContinuationToken, &j.Token)
	}
	switch {
	case known:
		j.Refused = "the event's " + mistyped.Field + " is not what CodePipeline sends"
	case j.Request == "":
		j.Refused = "the action has no UserParameters: give it the request, as JSON"
	}
	return j, nil
}
