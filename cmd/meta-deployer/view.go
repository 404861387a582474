package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/screen"
	"github.com/meta-deployer/meta-deployer/internal/cli/show"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// view is how a rollout on its way is shown, and how somebody asks for something meanwhile.
type view struct {
	asked <-chan screen.Ask
	// planned, seen and happened take what there is to show: the plan, a status, events of a rollout that is driven from here.
	planned, seen func(answer.Answer)
	happened      func(...rollout.Event)
	// note says something more.
	note func(string)
	// stop gives the terminal back.
	stop func()
}

// view is a picture where somebody watches, and lines for everybody else. asks says that leaving needs an answer.
func (c *console) view(r request.Request, asks bool) view {
	if c.watched() {
		return c.picture(r, asks)
	}
	asked, stop := c.signals(asks)
	var mu sync.Mutex
	var teller show.Teller
	write := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		c.note(text)
	}
	return view{
		asked: asked, stop: stop, note: write,
		planned: func(answer.Answer) {},
		seen:    c.transitions(),
		happened: func(events ...rollout.Event) {
			mu.Lock()
			defer mu.Unlock()
			for _, line := range teller.Lines(events...) {
				c.line(line)
			}
		},
	}
}

// watched says that somebody watches, and that the terminal can be drawn on.
func (c *console) watched() bool {
	return c.output == asText && c.getenv("TERM") != "dumb" && term.IsTerminal(int(c.in.Fd())) && term.IsTerminal(int(c.out.Fd()))
}

// transitions writes a line for every status that differs from the one before.
func (c *console) transitions() func(answer.Answer) {
	before := ""
	return func(a answer.Answer) {
		verdict := ""
		if n := len(a.Steps); n > 0 {
			verdict = a.Steps[n-1].Verdict
		}
		if now := fmt.Sprintf("%s %s %s %s", a.Status, a.NewVersion, a.Weight, verdict); now != before {
			before = now
			c.line(show.Line(c.clock.Now(), a))
		}
	}
}

// attend lets work run to its end, and does meanwhile what somebody asks for. leave is called for every Leave.
func (c *console) attend(v view, work func(), do func(action request.Action) ending.Ending, leave func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		work()
	}()
	var asks sync.WaitGroup
	for {
		select {
		case what := <-v.asked:
			if what == screen.Leave {
				leave()
				continue
			}
			asks.Go(func() { v.note(answered(what, do(request.Action(what)))) })
			continue
		case <-ended:
		}
		break
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		asks.Wait()
	}()
	bounded, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	select { // what was asked for last is told too, unless it takes long
	case <-done:
	case <-bounded.Done():
	}
	v.stop()
}

// answered is what became of what somebody asked for.
func answered(what screen.Ask, e ending.Ending) string {
	if e.Failure != nil {
		return fmt.Sprintf("%s: %s: %s", what, e.Failure.Type, e.Failure.Message)
	}
	return fmt.Sprintf("%s: %s: %s", what, e.Answer.Status, e.Answer.Reason)
}
