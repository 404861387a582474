package endpoint

import (
	"context"

	"github.com/meta-deployer/meta-deployer/internal/wire"
)

func (e *Endpoint) describeExecution(ctx context.Context, c call) (wire.Answer, error) {
	var body struct{ ExecutionArn string }
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	x, err := e.world.StateMachine().Execution(ctx, body.ExecutionArn)
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{Body: object{
		"executionArn": x.ARN, "status": string(x.Status), "input": string(x.Input), "inputDetails": object{"included": true},
	}}, nil
}
