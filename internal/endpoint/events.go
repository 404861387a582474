package endpoint

import (
	"context"
	"errors"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// putEvents puts the entries one after the other. What is wrong with one of them stands beside it, in an answer with status 200;
// what goes wrong with the call does not.
func (e *Endpoint) putEvents(ctx context.Context, c call) (wire.Answer, error) {
	var body struct {
		Entries []struct {
			Source, DetailType, Detail string
			Time                       wire.Time
		}
	}
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	if n := len(body.Entries); n < 1 || n > 10 {
		return wire.Answer{}, invalid(fmt.Sprintf("1 validation error detected: %d entries, there must be 1 to 10", n))
	}
	failed, entries := 0, make([]object, 0, len(body.Entries))
	for i, entry := range body.Entries {
		event := target.BusEvent{Source: entry.Source, Type: entry.DetailType, Detail: []byte(entry.Detail), At: entry.Time.Time}
		err := e.control.PutEvent(ctx, c.caller(), event)
		said, ok := errors.AsType[*sim.Error](err)
		switch {
		case err == nil:
			entries = append(entries, object{"EventId": fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1)})
		case ok && said.OfEntry():
			failed++
			entries = append(entries, object{"ErrorCode": said.Code, "ErrorMessage": said.Message})
		default:
			return wire.Answer{}, err
		}
	}
	return wire.Answer{Body: object{"FailedEntryCount": failed, "Entries": entries}}, nil
}
