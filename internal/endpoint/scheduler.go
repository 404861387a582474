package endpoint

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// scheduleBody is what a schedule is created and updated with, as far as the account has use for it.
type scheduleBody struct {
	GroupName, ScheduleExpression string
	StartDate                     wire.Time
	FlexibleTimeWindow            struct{ Mode string }
	Target                        struct{ Arn, RoleArn, Input string }
}

// scheduleOf reads the schedule that a call makes.
func scheduleOf(c call) (target.Switch, error) {
	var body scheduleBody
	if err := c.read(&body); err != nil {
		return target.Switch{}, err
	}
	every, err := rate(body.ScheduleExpression)
	name := nameOf(c)
	switch {
	case err != nil:
		return target.Switch{}, err
	case body.FlexibleTimeWindow.Mode != "OFF" || body.Target.Arn == "" || body.Target.RoleArn == "" || body.GroupName == "":
		return target.Switch{}, &sim.Error{Code: "ValidationException", Message: "1 validation error detected: a required member is null"}
	case len(name) > 64 || strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") != "":
		return target.Switch{}, &sim.Error{Code: "ValidationException", Message: "Invalid Schedule Name"}
	}
	return target.Switch{Driver: name, First: body.StartDate.Time, Every: every, Input: []byte(body.Target.Input)}, nil
}

// nameOf is the schedule that a call names.
func nameOf(c call) string { return strings.TrimPrefix(c.Path, "/schedules/") }

// rate is how often an expression has a schedule call.
func rate(expression string) (time.Duration, error) {
	var n int
	var unit string
	_, err := fmt.Sscanf(strings.TrimSuffix(expression, ")"), "rate(%d %s", &n, &unit)
	unit = strings.TrimSuffix(unit, "s")
	length := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[unit]
	if err != nil || n < 1 || length == 0 {
		return 0, &sim.Error{Code: "ValidationException", Message: "Invalid Schedule Expression " + expression + "."}
	}
	return time.Duration(n) * length, nil
}

func (e *Endpoint) createSchedule(ctx context.Context, c call) (wire.Answer, error) {
	made, err := scheduleOf(c)
	if err == nil {
		err = e.world.Schedules().Create(ctx, made)
	}
	return wire.Answer{Body: object{"ScheduleArn": "arn:aws:scheduler:eu-west-1:123456789012:schedule/meta-deployer/" + made.Driver}}, err
}

func (e *Endpoint) updateSchedule(ctx context.Context, c call) (wire.Answer, error) {
	moved, err := scheduleOf(c)
	if err == nil {
		err = e.world.Schedules().MoveSwitch(ctx, moved)
	}
	return wire.Answer{Body: object{"ScheduleArn": "arn:aws:scheduler:eu-west-1:123456789012:schedule/meta-deployer/" + moved.Driver}}, err
}

func (e *Endpoint) deleteSchedule(ctx context.Context, c call) (wire.Answer, error) {
	return wire.Answer{Body: object{}}, e.world.Schedules().Delete(ctx, nameOf(c))
}

func (e *Endpoint) getSchedule(_ context.Context, c call) (wire.Answer, error) {
	name := nameOf(c)
	found, ok := e.world.Schedule(name)
	if !ok {
		return wire.Answer{}, &sim.Error{Code: "ResourceNotFoundException", Message: "Schedule " + name + " does not exist."}
	}
	return wire.Answer{Body: object{
		"Name": name, "StartDate": found.First, "ScheduleExpression": fmt.Sprintf("rate(%d minutes)", found.Every/time.Minute),
		"Target": object{"Input": string(found.Input)},
	}}, nil
}
