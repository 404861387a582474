package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	cli "github.com/meta-deployer/meta-deployer/internal/cli/screen"
	"github.com/meta-deployer/meta-deployer/internal/cli/show"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
)

// story is a scenario as it was played, as pictures of the screen that the CLI shows.
type story struct {
	*scenario.Play
	frames []picture
}

// picture is the screen at a moment.
type picture struct {
	at    time.Duration
	state cli.State
}

const (
	// pictureWidth and pictureHeight are those of a usual terminal.
	pictureWidth, pictureHeight = 80, 24
	// mostEvents is how many events the last picture has.
	mostEvents = 9
)

// filmed plays a scenario, with a picture after everything that happens.
func filmed(name string) (*story, error) {
	told, err := scenario.Load(name)
	if err != nil {
		return nil, err
	}
	s := &story{}
	var state cli.State
	plans := map[string]rollout.Plan{}
	for i, r := range told.Requests {
		if parsed, err := request.Parse(r.Send, sim.Home()); err == nil {
			plans[fmt.Sprintf("#%d", i+1)] = parsed.Plan
			state.Target = parsed.Plan.Target
		}
	}
	take := func(p *scenario.Play) {
		s.frames = append(s.frames, picture{p.World.Elapsed(), state})
	}
	s.Play, err = told.Play(scenario.Watch{
		Heard: func(p *scenario.Play, who string, events ...rollout.Event) {
			state.Happened(plans[who], events...)
			take(p)
		},
		Event: func(p *scenario.Play, e scenario.Event) {
			if line := noted(p, e); line != "" {
				state.Note(p.World.Now().Format(time.TimeOnly) + "            " + line)
				take(p)
			}
		},
	})
	if err == nil && len(s.frames) == 0 { // nothing happened: the request was refused
		take(s.Play)
	}
	return s, err
}

// noted is what the picture says of an event that no driver tells; "" for any other.
func noted(p *scenario.Play, e scenario.Event) string {
	switch e.Kind {
	case scenario.Asked:
		if e.Who != "#1" {
			return fmt.Sprintf("request %s comes in", e.Who)
		}
	case scenario.Died:
		return fmt.Sprintf("the driver of request %s dies: %s", e.Who, e.Text)
	case scenario.Answered:
		if len(p.Scenario.Requests) > 1 {
			return fmt.Sprintf("request %s is answered: %s", e.Who, e.Text)
		}
	case scenario.Wrote:
		if !strings.HasPrefix(e.Who, "#") {
			return fmt.Sprintf("%s changes the alias: %s", e.Who, e.Routing)
		}
	case scenario.Turned, scenario.Logged:
	}
	return ""
}

// tell shows a story: its pictures one over the other where somebody watches, else the last one, and then how it ended.
func tell(s screen, name string) error {
	told, err := filmed(name)
	if err != nil {
		return err
	}
	s.line("")
	s.heading(told.Scenario.Name)
	s.paragraph("", told.Scenario.About, s.usual)
	s.line("")
	drawn := 0
	if s.live {
		begin, end := told.frames[0].at, told.frames[len(told.frames)-1].at
		before := begin
		for _, f := range told.frames {
			s.pause(f.at-before, end-begin)
			before = f.at
			drawn = s.draw(f.drawn(s, pictureHeight), drawn)
		}
	}
	last := told.frames[len(told.frames)-1]
	last.state.Events = last.state.Events[max(0, len(last.state.Events)-mostEvents):]
	s.draw(last.drawn(s, 100), drawn)
	told.ends(s)
	if len(told.Problems()) > 0 {
		for _, problem := range told.Problems() {
			s.line(s.bad("not as the scenario says: " + problem))
		}
		return fmt.Errorf("scenario %s did not end as it says", name)
	}
	return nil
}

// drawn is the picture, without the line of keys: nobody steers a demo.
func (f picture) drawn(s screen, height int) []string {
	f.state.Question = " "
	width := pictureWidth
	if s.width > 0 {
		width = min(s.width, 120)
	}
	lines := f.state.Frame(width, height, s.colour, sim.Start().Add(f.at))
	return lines[:len(lines)-1]
}

// ends says how the last request ended, in a sentence, and who was served by which version: what else there is to know is in the
// picture, and -transcript has all of it.
func (s *story) ends(to screen) {
	to.line("")
	for i, e := range s.Endings {
		if i < len(s.Endings)-1 || e.Answer == nil {
			continue
		}
		is := ending.Of(e.Answer, e.How != "" && strings.Contains(string(e.Answer), `"errorType"`))
		first, _, _ := strings.Cut(strings.SplitN(show.Text(is, 1000), "\n", 2)[1], "\n")
		colour := to.good
		if is.Failure != nil {
			colour = to.bad
		}
		to.paragraph("", e.How+": "+strings.TrimSpace(first), colour)
	}
	for _, served := range s.Served() {
		to.line("  " + served)
	}
}
