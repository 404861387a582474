package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/meta-deployer/meta-deployer/internal/cli/follow"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployer"
)

// aws loads the SDK's own configuration: environment, shared files, profiles, single sign-on.
func (c *console) aws(ctx context.Context) (aws.Config, error) {
	var options []func(*config.LoadOptions) error
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
	return cloud.Bounded(cfg), nil
}

// follower reaches the deployer.
func (c *console) follower(cfg aws.Config) follow.Follower {
	return follow.Follower{Deployer: deployer.New(cfg, c.deployer), Clock: c.clock, Every: c.every, Timeout: c.timeout}
}
