// Package endpoint is the simulated account over HTTP, in AWS's wire protocols: a thin translation. The rules are those
// of internal/sim, the protocols those of internal/wire. The world follows a clock while it is served, so that clients
// that live in the real time can live in it: aws --endpoint-url, the SDKs and the compiled functions.
package endpoint

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// Endpoint serves one world. A world is not made for several goroutines: here one at a time has it, and every request is
// a process of the world, so that none keeps another waiting.
type Endpoint struct {
	// now is the time that the world follows.
	now func() time.Time

	mu      sync.Mutex
	world   *sim.World
	control sim.Control
}

// New is an endpoint for a world that follows a clock.
func New(world *sim.World, now func() time.Time) *Endpoint {
	return &Endpoint{now: now, world: world, control: world.Control()}
}

// Run lets the world's time pass until ctx ends. Requests are answered while it runs.
func (e *Endpoint) Run(ctx context.Context) {
	const tick = 5 * time.Millisecond
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for ctx.Err() == nil {
		e.Touch(func(*sim.World) {})
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// Touch lets somebody look at the world, or change it, as of now.
func (e *Endpoint) Touch(do func(*sim.World)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if late := e.now().Sub(e.world.Now()); late > 0 {
		e.world.Advance(late)
	}
	do(e.world)
}

// start has something happen in the world, which may take its time there. The channel is closed when it is over.
func (e *Endpoint) start(do func()) <-chan struct{} {
	done := make(chan struct{})
	e.Touch(func(w *sim.World) {
		w.Go(w.Elapsed(), func() {
			defer close(done)
			do()
		})
		w.Advance(0)
	})
	return done
}

// operation answers one call, as a process of the world.
type operation func(ctx context.Context, c call) (wire.Answer, error)

func (e *Endpoint) operations() map[string]operation {
	return map[string]operation{
		"lambda:GetAlias":                                 e.getAlias,
		"lambda:CreateAlias":                              e.createAlias,
		"lambda:UpdateAlias":                              e.updateAlias,
		"lambda:DeleteAlias":                              e.deleteAlias,
		"lambda:ListAliases":                              e.listAliases,
		"lambda:GetFunction":                              e.getFunction,
		"lambda:GetFunctionConfiguration":                 e.getFunctionConfiguration,
		"lambda:ListVersionsByFunction":                   e.listVersions,
		"lambda:PublishVersion":                           e.publishVersion,
		"lambda:GetProvisionedConcurrencyConfig":          e.getConcurrency,
		"lambda:Invoke":                                   e.invoke,
		"cloudwatch:GetMetricData":                        e.getMetricData,
		"cloudwatch:GetMetricStatistics":                  e.getMetricStatistics,
		"cloudwatch:ListMetrics":                          e.listMetrics,
		"cloudwatch:PutMetricData":                        e.putMetricData,
		"cloudwatch:DescribeAlarms":                       e.describeAlarms,
		"cloudwatch:SetAlarmState":                        e.setAlarmState,
		"codedeploy:GetDeployment":                        e.getDeployment,
		"codedeploy:ListDeploymentTargets":                e.listDeploymentTargets,
		"codedeploy:BatchGetDeploymentTargets":            e.batchGetDeploymentTargets,
		"codedeploy:PutLifecycleEventHookExecutionStatus": e.putHookStatus,
		"events:PutEvents":                                e.putEvents,
		"states:StartExecution":                           e.startExecution,
		"states:DescribeExecution":                        e.describeExecution,
		"states:ListExecutions":                           e.listExecutions,
		"scheduler:CreateSchedule":                        e.createSchedule,
		"scheduler:UpdateSchedule":                        e.updateSchedule,
		"scheduler:DeleteSchedule":                        e.deleteSchedule,
		"scheduler:GetSchedule":                           e.getSchedule,
		"sts:AssumeRole":                                  e.assumeRole,
		"sts:GetCallerIdentity":                           e.getCallerIdentity,
	}
}

// Handler is the endpoint as a server. An operation that the account does not know fails.
func (e *Endpoint) Handler() http.Handler {
	operations := e.operations()
	return wire.Handler(func(ctx context.Context, c wire.Call) wire.Answer {
		operate := operations[c.Operation]
		if operate == nil {
			return wire.Fail(http.StatusNotFound, "UnknownOperationException", "the simulated account does not know "+c.Operation)
		}
		var answer wire.Answer
		done := e.start(func() {
			var err error
			if answer, err = run(operate, c); err != nil {
				answer = failure(c, err)
			}
		})
		select {
		case <-done:
			return answer
		case <-ctx.Done(): // the client is gone; what it asked for happens all the same
			return wire.Answer{Cut: true}
		}
	})
}

// run performs a call; one that nobody waits for any more is performed all the same.
func run(operate operation, from wire.Call) (wire.Answer, error) {
	c, err := parse(from)
	if err != nil {
		return wire.Answer{}, err
	}
	return operate(context.Background(), c)
}

// failure is an error as AWS puts it.
func failure(c wire.Call, err error) wire.Answer {
	if errors.Is(err, sim.ErrReplyLost) {
		return wire.Answer{Cut: true}
	}
	refusal, ok := errors.AsType[*sim.Error](err)
	if !ok {
		return wire.Fail(http.StatusInternalServerError, "ServiceException", err.Error())
	}
	code := refusal.Code
	if code == "TooManyRequestsException" && !strings.HasPrefix(c.Operation, "lambda:") {
		code = "ThrottlingException"
	}
	status := map[string]int{
		"AccessDeniedException":                         http.StatusForbidden,
		"ResourceNotFoundException":                     http.StatusNotFound,
		"ProvisionedConcurrencyConfigNotFoundException": http.StatusNotFound,
		"ResourceNotFound":                              http.StatusNotFound,
		"ResourceConflictException":                     http.StatusConflict,
		"ConflictException":                             http.StatusConflict,
		"PreconditionFailedException":                   http.StatusPreconditionFailed,
		"TooManyRequestsException":                      http.StatusTooManyRequests,
		"ServiceException":                              http.StatusInternalServerError,
		"ResourceNotReadyException":                     http.StatusBadGateway,
	}[code]
	if status == 0 {
		status = http.StatusBadRequest
	}
	return wire.Fail(status, code, refusal.Message)
}
