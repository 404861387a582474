// Package schedules speaks to Amazon EventBridge Scheduler: it sets and deletes dead man's switches.
package schedules

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	smithy "github.com/aws/smithy-go"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Schedules are those of a group.
type Schedules struct {
	client               *scheduler.Client
	recover, group, role string
}

// New is for switches in a group that call a function through a role.
func New(cfg aws.Config, function, group, role string) Schedules {
	return Schedules{scheduler.NewFromConfig(cfg), function, group, role}
}

// Switches are those that call a function; nil where its ARN is empty: the stack has none.
func Switches(cfg aws.Config, function, group, role string) target.Switches {
	if function == "" {
		return nil
	}
	return New(cfg, function, group, role)
}

// MovableSwitches are Switches for a driver that moves them.
func MovableSwitches(cfg aws.Config, function, group, role string) target.MovableSwitches {
	if function == "" {
		return nil
	}
	return New(cfg, function, group, role)
}

// SetSwitch creates a schedule. Scheduler refuses a second one of a name, by ConflictException.
func (s Schedules) SetSwitch(ctx context.Context, made target.Switch) error {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	_, err := cloud.Call(ctx, s.client.CreateSchedule, &scheduler.CreateScheduleInput{
		GroupName: &s.group, Name: &made.Driver, Description: aws.String(description),
		ScheduleExpression: rate(made.Every), StartDate: start(made.First), FlexibleTimeWindow: exactly(), Target: s.target(made),
	})
	if says(err, "ConflictException") {
		return nil
	}
	return err
}

// MoveSwitch updates a schedule: what is not given would be reset.
func (s Schedules) MoveSwitch(ctx context.Context, moved target.Switch) error {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	_, err := cloud.Call(ctx, s.client.UpdateSchedule, &scheduler.UpdateScheduleInput{
		GroupName: &s.group, Name: &moved.Driver, Description: aws.String(description),
		ScheduleExpression: rate(moved.Every), StartDate: start(moved.First), FlexibleTimeWindow: exactly(), Target: s.target(moved),
	})
	return err
}

// DeleteSwitch deletes a schedule.
func (s Schedules) DeleteSwitch(ctx context.Context, driver string) error {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	_, err := cloud.Call(ctx, s.client.DeleteSchedule, &scheduler.DeleteScheduleInput{GroupName: &s.group, Name: &driver})
	if errors.Is(err, target.ErrNotFound) {
		return nil
	}
	return err
}

const description = "Calls recover for a rollout whose driver is dead. The driver deletes it when it ends."

// target is what a schedule calls.
func (s Schedules) target(of target.Switch) *types.Target {
	return &types.Target{Arn: &s.recover, RoleArn: &s.role, Input: aws.String(string(of.Input))}
}

// rate is how often a schedule calls.
func rate(every time.Duration) *string {
	minutes := int(every / time.Minute)
	if minutes == 1 {
		return aws.String("rate(1 minute)")
	}
	return aws.String(fmt.Sprintf("rate(%d minutes)", minutes))
}

// start is when it calls first.
func start(first time.Time) *time.Time {
	first = first.UTC().Truncate(time.Second)
	return &first
}

// exactly has it call at its time, within Scheduler's minute.
func exactly() *types.FlexibleTimeWindow {
	return &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}
}

// says whether an error is of a code of Scheduler's.
func says(err error, code string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == code
}
