// Package pipelines speaks to AWS CodePipeline: it answers the jobs of an Invoke action.
package pipelines

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	smithy "github.com/aws/smithy-go"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Pipelines is the CodePipeline of one account and region: the function's own, wherever the pipeline is.
type Pipelines struct{ client *codepipeline.Client }

// New makes the client.
func New(cfg aws.Config) Pipelines { return Pipelines{client: codepipeline.NewFromConfig(cfg)} }

// Reply answers a job.
func (p Pipelines) Reply(ctx context.Context, job string, r pipeline.Reply) error {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	if r.Failure != "" {
		_, err := cloud.Call(ctx, p.client.PutJobFailureResult, &codepipeline.PutJobFailureResultInput{JobId: &job, FailureDetails: &types.FailureDetails{
			Type: types.FailureType(r.Failure), Message: &r.Message, ExternalExecutionId: text(r.Rollout),
		}})
		return inOurWords(err)
	}
	percent := int32(r.Percent)
	in := &codepipeline.PutJobSuccessResultInput{JobId: &job, ContinuationToken: text(r.Token), ExecutionDetails: &types.ExecutionDetails{
		Summary: text(r.Message), ExternalExecutionId: text(r.Rollout), PercentComplete: &percent,
	}}
	if r.Token == "" { // with a token CodePipeline takes none
		in.OutputVariables = r.Variables
	}
	_, err := cloud.Call(ctx, p.client.PutJobSuccessResult, in)
	return inOurWords(err)
}

// text is a field that has to be left out where it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// inOurWords is an error in the driver's words. Of what CodePipeline refuses only the code is told: its message quotes the
// request, in which the token is.
func inOurWords(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	switch code := api.ErrorCode(); {
	case code == "InvalidJobStateException", code == "JobNotFoundException":
		return fmt.Errorf("%w: %s", pipeline.ErrAnswered, code)
	case code == "OutputVariablesSizeExceededException":
		return fmt.Errorf("%w: %s", pipeline.ErrTooLarge, code)
	case errors.Is(err, target.ErrRefused):
		return fmt.Errorf("%w: %s", target.ErrRefused, cloud.Text(code))
	}
	return err
}
