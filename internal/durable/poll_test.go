package durable_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/durable/durabletest"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// counting counts up to the execution's input, with so long a wait between two.
type counting struct {
	*durabletest.Execution
	wait    time.Duration
	control string
	// crash is asked before a look, and again after it, before anything is recorded; an error is a process that dies.
	crash func(look int, after bool) error
	looks []durable.Look
	began time.Time
	// beside happens while a look is made.
	beside func(look int)
}

func newCounting(input string) *counting {
	return &counting{Execution: &durabletest.Execution{Clock: target.WallClock(), Name: "count", Input: input}, wait: 2 * time.Second}
}

// invoke is the function.
func (c *counting) invoke(event []byte) (out []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = value.(error)
		}
	}()
	return durable.Poll{Service: c.Execution, Step: "poll", Control: c.control, Look: c.look}.Invoke(context.Background(), event)
}

func (c *counting) look(_ context.Context, l durable.Look) durable.Found {
	c.looks = append(c.looks, l)
	for _, after := range []bool{false, true} {
		if c.crash != nil {
			if err := c.crash(len(c.looks), after); err != nil {
				panic(err)
			}
		}
	}
	if c.beside != nil {
		c.beside(len(c.looks))
	}
	count, _ := strconv.Atoi(l.State)
	until, err := strconv.Atoi(l.Input)
	if err != nil {
		return durable.Found{End: &durable.End{Failure: &durable.Failure{Type: "NotANumber", Message: l.Input}}}
	}
	if count++; count >= until {
		return durable.Found{End: &durable.End{Result: strconv.Itoa(count)}}
	}
	return durable.Found{State: strconv.Itoa(count), Wait: c.wait}
}

// run runs it on a clock of its own.
func (c *counting) run(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		c.began = time.Now()
		c.Run(c.invoke)
	})
}

// A poll is one step: each look begins a try and leaves the next, in one batch.
func TestAPollIsOneStep(t *testing.T) {
	c := newCounting("3")
	c.run(t)
	assert.Equal(t, "SUCCEEDED", c.Status)
	assert.Equal(t, "3", c.Result)
	assert.Equal(t, []string{
		"StepStarted poll", "StepSucceeded poll 2s", "InvocationCompleted",
		"StepStarted poll", "StepSucceeded poll 2s", "InvocationCompleted",
		"StepStarted poll", "StepSucceeded poll", "InvocationCompleted",
	}, c.History)
	assert.Equal(t, 4, c.Operations, "the execution, the step and two further tries")
	assert.Equal(t, []bool{true, false, false}, []bool{c.looks[0].First, c.looks[1].First, c.looks[2].First})
	assert.Equal(t, []string{"", "1", "2"}, []string{c.looks[0].State, c.looks[1].State, c.looks[2].State})
	assert.Equal(t, "count", c.looks[0].Name)
}

func TestAnEndAtOnceAndAFailure(t *testing.T) {
	c := newCounting("1")
	c.run(t)
	assert.Equal(t, []string{"StepStarted poll", "StepSucceeded poll", "InvocationCompleted"}, c.History)

	c = newCounting("x")
	c.run(t)
	assert.Equal(t, "FAILED", c.Status)
	assert.Equal(t, &durable.Failure{Type: "NotANumber", Message: "x"}, c.Failure)
	assert.Equal(t, []string{"StepStarted poll", "StepFailed poll", "InvocationCompleted"}, c.History)

	c = newCounting("")
	c.run(t)
	assert.Equal(t, "{}", c.Failure.Message, "no input is an empty object")
}

func TestAWaitIsWholeSecondsWithinLambdasLimits(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0: "1s", -time.Hour: "1s", time.Millisecond: "1s", 1001 * time.Millisecond: "2s", 3 * time.Second: "3s", 400 * 24 * time.Hour: "31622400s",
	} {
		c := newCounting("2")
		c.wait, c.Timeout = wait, 500*24*time.Hour
		c.run(t)
		assert.Equal(t, "SUCCEEDED", c.Status, wait)
		assert.Equal(t, "StepSucceeded poll "+want, c.History[1])
	}
}

// Whatever Lambda is believed to do, it may do otherwise.
func TestWhatLambdaMayDo(t *testing.T) {
	died := errors.New("the process died")
	for name, change := range map[string]func(*counting){
		"an empty first page": func(c *counting) { c.EmptyFirst = true },
		"a page for each operation": func(c *counting) {
			c.PageSize, c.control = 1, "control"
		},
		"a stale token":               func(c *counting) { c.Faults = map[int]durabletest.Fault{2: durabletest.Stale} },
		"a stale token at the end":    func(c *counting) { c.Faults = map[int]durabletest.Fault{4: durabletest.Stale} },
		"an answer that is lost":      func(c *counting) { c.Faults = map[int]durabletest.Fault{1: durabletest.Lost} },
		"an end whose answer is lost": func(c *counting) { c.Faults = map[int]durabletest.Fault{4: durabletest.Lost} },
		"an answer without a token":   func(c *counting) { c.Faults = map[int]durabletest.Fault{1: durabletest.NoToken} },
		"a service that fails": func(c *counting) {
			c.Faults = map[int]durabletest.Fault{1: durabletest.Unavailable, 2: durabletest.Unavailable, 4: durabletest.Unavailable}
		},
		"a timer that is early": func(c *counting) { c.Faults = map[int]durabletest.Fault{2: durabletest.Early} },
		"a crash before a look": func(c *counting) { c.crash = once(2, false, died) },
		"a crash after a look":  func(c *counting) { c.crash = once(3, true, died) },
		"times as text":         func(c *counting) { c.Times = func(at time.Time) any { return at.Format(time.RFC3339Nano) } },
		"times as seconds":      func(c *counting) { c.Times = func(at time.Time) any { return float64(at.UnixMilli()) / 1000 } },
		"times as Python prints them": func(c *counting) {
			c.Times = func(at time.Time) any { return at.Format("2006-01-02 15:04:05.999999-07:00") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounting("4")
			change(c)
			c.run(t)
			assert.Equal(t, "SUCCEEDED", c.Status, "%v", c.Failure)
			assert.Equal(t, "4", c.Result, "%v", c.History)
			for _, l := range c.looks {
				assert.True(t, l.Started.Equal(c.began), "%s", l.Started)
				assert.Equal(t, l.State == "", l.First)
			}
		})
	}
	c := newCounting("1")
	c.Times = func(time.Time) any { return "tomorrow" }
	c.run(t)
	assert.True(t, c.looks[0].Started.IsZero())
}

// once is a process that dies once.
func once(look int, after bool, died error) func(int, bool) error {
	return func(n int, a bool) error {
		if n == look && a == after && died != nil {
			err := died
			died = nil
			return err
		}
		return nil
	}
}

// An end that was recorded is answered again, and not looked for.
func TestARecordedEndIsAnsweredAgain(t *testing.T) {
	for input, status := range map[string]string{"1": "SUCCEEDED", "x": "FAILED"} {
		c := newCounting(input)
		died := false
		synctest.Test(t, func(*testing.T) {
			c.Run(func(event []byte) ([]byte, error) {
				out, err := c.invoke(event)
				if !died {
					died = true
					return nil, errors.New("the process died before it answered")
				}
				return out, err
			})
		})
		assert.Equal(t, status, c.Status)
		assert.Len(t, c.looks, 1)
		assert.Equal(t, status == "FAILED", c.Failure != nil && c.Failure.Type == "NotANumber")
	}
}

// What is refused for good ends the execution, and says why; nothing else does.
func TestWhatIsRefusedForGood(t *testing.T) {
	c := newCounting("4")
	c.Faults = map[int]durabletest.Fault{2: durabletest.Denied}
	c.run(t)
	assert.Equal(t, "FAILED", c.Status)
	assert.Equal(t, durable.Exhausted, c.Failure.Type)
	assert.Contains(t, c.Failure.Message, "give the role that calls the permission lambda:CheckpointDurableExecution")
	assert.Equal(t, 2, c.Invocations)
}

func TestAnExecutionIsWokenAtOnce(t *testing.T) {
	c := newCounting("4")
	c.control, c.wait = "control", time.Hour
	synctest.Test(t, func(t *testing.T) {
		go func() {
			time.Sleep(time.Minute)
			assert.True(t, c.Wake("control"))
		}()
		began := time.Now()
		c.Run(c.invoke)
		assert.Equal(t, 2*time.Hour+time.Minute, time.Since(began), "a look after a minute, and then as ever")
	})
	assert.Equal(t, "SUCCEEDED", c.Status)
	assert.Equal(t, []string{
		"CallbackStarted control", "StepStarted poll", "StepSucceeded poll 3600s", "InvocationCompleted",
		"CallbackSucceeded control", "CallbackStarted control-2", "StepStarted poll-2", "StepSucceeded poll-2 3600s", "InvocationCompleted",
	}, c.History[:9])
	assert.Equal(t, []string{"", "1", "2", "3"}, []string{c.looks[0].State, c.looks[1].State, c.looks[2].State, c.looks[3].State}, "the new step goes on from the old one's state")
	assert.Equal(t, []bool{false, true, false, false}, []bool{c.looks[0].Woken, c.looks[1].Woken, c.looks[2].Woken, c.looks[3].Woken})
}

// Whoever wakes during a look is heard at its end, without another invocation.
func TestAWakeDuringALook(t *testing.T) {
	c := newCounting("4")
	c.control, c.wait = "control", time.Hour
	c.beside = func(look int) {
		if look == 2 {
			assert.True(t, c.Wake("control"))
			assert.False(t, c.Wake("control"))
		}
	}
	c.run(t)
	assert.Equal(t, "4", c.Result)
	assert.Equal(t, 3, c.Invocations)
	assert.Len(t, c.looks, 4)
}

// However often it is woken, it stays within the operations that there are.
func TestItIsNotWokenForEver(t *testing.T) {
	c := newCounting("500")
	c.control, c.wait = "control", time.Hour
	heard := 0
	synctest.Test(t, func(*testing.T) {
		go func() {
			for range 300 {
				time.Sleep(time.Minute)
				if c.Wake("control") {
					heard++
				}
			}
		}()
		c.Run(c.invoke)
	})
	assert.Equal(t, "500", c.Result)
	assert.Equal(t, 64, heard)
	assert.Len(t, c.looks, 500)
	assert.Equal(t, 1+64+65+499, c.Operations, "the execution, the callbacks, a step for each that was heard and the first, the further tries")
}
