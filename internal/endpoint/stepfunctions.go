package endpoint

import (
	"context"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// machine refuses a state machine that is not the account's.
func machine(arn string) error {
	if arn != sim.RolloutMachine {
		return &sim.Error{Code: "StateMachineDoesNotExist", Message: "State Machine Does Not Exist: '" + arn + "'"}
	}
	return nil
}

func (e *Endpoint) startExecution(ctx context.Context, c call) (wire.Answer, error) {
	var body struct{ StateMachineArn, Name, Input string }
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	if err := machine(body.StateMachineArn); err != nil {
		return wire.Answer{}, err
	}
	arn, err := e.world.LongEngine().Start(ctx, body.Name, []byte(body.Input))
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{Body: object{"executionArn": arn, "startDate": e.world.Now()}}, nil
}

func (e *Endpoint) describeExecution(ctx context.Context, c call) (wire.Answer, error) {
	var body struct{ ExecutionArn string }
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	x, err := e.world.LongEngine().Execution(ctx, body.ExecutionArn)
	if err != nil {
		return wire.Answer{}, err
	}
	answer := object{
		"executionArn": x.ARN, "stateMachineArn": sim.RolloutMachine, "name": target.ExecutionName(x.ARN), "status": string(x.Status),
		"startDate": x.Started, "input": string(x.Input), "inputDetails": object{"included": true},
	}
	for key, text := range map[string]string{"output": string(x.Output), "error": x.Error, "cause": x.Cause} {
		if text != "" {
			answer[key] = text
		}
	}
	return wire.Answer{Body: answer}, nil
}

func (e *Endpoint) listExecutions(ctx context.Context, c call) (wire.Answer, error) {
	var body struct{ StateMachineArn, StatusFilter string }
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	if err := machine(body.StateMachineArn); err != nil {
		return wire.Answer{}, err
	}
	if body.StatusFilter != string(target.ExecutionRunning) {
		return wire.Answer{}, invalid("the simulated account lists what is RUNNING only")
	}
	arns, err := e.world.LongEngine().Running(ctx)
	all := make([]object, 0, len(arns))
	for _, arn := range arns {
		all = append(all, object{"executionArn": arn, "stateMachineArn": sim.RolloutMachine, "name": target.ExecutionName(arn), "status": "RUNNING", "startDate": e.world.Now()})
	}
	return wire.Answer{Body: object{"executions": all}}, err
}
