package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/meta-deployer/meta-deployer/internal/cli/follow"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployer"
)

// errNoCredentials is what AWS cannot be asked without.
var errNoCredentials = errors.New("there are no credentials that work: log in, give --profile, " +
	"or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")

// finding is for how long credentials are looked for: a sign-on or another program may have to be asked.
const finding = time.Minute

// aws loads the SDK's own configuration: environment, shared files, profiles, single sign-on. The SDK writes nothing of its own
// between the program's lines: what fails is an error.
func (c *console) aws(ctx context.Context) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if c.profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.profile))
	}
	if c.region != "" {
		options = append(options, config.WithRegion(c.region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	switch {
	case err != nil:
		return aws.Config{}, fmt.Errorf("the configuration of AWS cannot be loaded: %s", cloud.Text(err.Error()))
	case cfg.Region == "":
		return aws.Config{}, fmt.Errorf("there is no region: give --region, AWS_REGION or a profile that has one")
	}
	ctx, cancel := c.clock.Bound(ctx, c.clock.Now().Add(finding))
	defer cancel()
	if _, err = cfg.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, fmt.Errorf("%w (%s)", errNoCredentials, cloud.Text(err.Error()))
	}
	return cloud.Bounded(cfg), nil
}

// follower reaches the deployer.
func (c *console) follower(cfg aws.Config) follow.Follower {
	return follow.Follower{Deployer: deployer.New(cfg, c.deployer), Clock: c.clock, Every: c.every, Timeout: c.timeout}
}
