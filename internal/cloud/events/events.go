// Package events speaks to Amazon EventBridge: it puts events on a bus.
package events

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	smithy "github.com/aws/smithy-go"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Bus is an event bus of the function's own account and region.
type Bus struct {
	client *eventbridge.Client
	name   string
}

// New is the bus of a name; nil for "", where nobody listens. Its calls are made once: whoever puts an event tries again.
func New(cfg aws.Config, name string) target.Bus {
	if name == "" {
		return nil
	}
	return Bus{name: name, client: eventbridge.NewFromConfig(cfg, func(o *eventbridge.Options) { o.RetryMaxAttempts = 1 })}
}

// Put is PutEvents. An answer with status 200 may say that the event was not taken.
func (b Bus) Put(ctx context.Context, e target.BusEvent) error {
	detail := string(e.Detail)
	out, err := cloud.Call(ctx, b.client.PutEvents, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: &b.name, Source: &e.Source, DetailType: &e.Type, Detail: &detail, Time: &e.At,
	}}})
	switch {
	case err != nil:
		return err
	case out.FailedEntryCount == 0:
		return nil
	case len(out.Entries) != 1 || out.Entries[0].ErrorCode == nil:
		return cloud.NoAnswer("PutEvents says that %d of 1 events failed, and not why", out.FailedEntryCount)
	}
	entry := out.Entries[0]
	return cloud.Failed("events:PutEvents", &smithy.GenericAPIError{Code: *entry.ErrorCode, Message: aws.ToString(entry.ErrorMessage)})
}
