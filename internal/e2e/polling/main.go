// A durable function that counts, as the requirements of AWS's conformance tests describe: from a start up to a threshold, so many
// seconds between two; with an object as its state, or a callback beside it.
package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/durables"
	"github.com/meta-deployer/meta-deployer/internal/durable"
)

// plan is what the environment asks for.
type plan struct {
	Name, Control    string
	From, Until      int
	Wait             int
	Object, Callback bool
}

// state is an object that is carried.
type state struct {
	Status   string `json:"status"`
	Attempts int    `json:"attempts"`
}

func (p plan) look(_ context.Context, l durable.Look) durable.Found {
	count := p.From
	switch {
	case p.Callback && l.First:
		return durable.Found{State: "0", Wait: time.Hour}
	case p.Callback:
		return durable.Found{End: &durable.End{Result: `"woken"`}}
	case l.First:
	case p.Object:
		var s state
		_ = json.Unmarshal([]byte(l.State), &s)
		count = s.Attempts
	default:
		_ = json.Unmarshal([]byte(l.State), &count)
	}
	if count < p.Until {
		count++
	}
	done := count >= p.Until
	value := any(count)
	if p.Object {
		value = state{map[bool]string{true: "DONE", false: "PENDING"}[done], count}
	}
	text, _ := json.Marshal(value)
	if done {
		return durable.Found{End: &durable.End{Result: string(text)}}
	}
	return durable.Found{State: string(text), Wait: time.Duration(p.Wait) * time.Second}
}

func main() {
	var p plan
	if err := json.Unmarshal([]byte(os.Getenv("PLAN")), &p); err != nil {
		panic(err)
	}
	lambda.Start(durable.Poll{Service: durables.New(cloud.Load(os.Getenv)), Step: p.Name, Control: p.Control, Look: p.look})
}
