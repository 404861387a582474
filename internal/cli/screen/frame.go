package screen

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cli/show"
)

// Frame is the picture: at most so many lines of at most so many characters, without colour but for the escape sequences that
// colour says. now is the time that it is drawn at.
func (s State) Frame(width, height int, colour bool, now time.Time) []string {
	p := painter{width: max(width, 20), colour: colour}
	p.add(bold, fmt.Sprintf("%s  %s  %s", s.Target, s.versions(), s.Rollout))
	p.add(s.hue(), s.progress(now))
	p.add(plain, "")
	p.add(plain, s.bar(p.width))
	p.add(plain, "")
	p.rows(s.calls())
	for _, line := range s.evidence(p.width) {
		p.add(plain, line)
	}
	if s.Verdict != "" || s.Reason != "" {
		text := strings.TrimPrefix(s.Verdict+": "+s.sentence(), ": ")
		for i, line := range show.Wrap(text, p.width) {
			if i < 3 {
				p.add(s.hue(), line)
			}
		}
	}
	p.add(plain, "")
	foot := Help
	if s.Question != "" {
		foot = s.Question
	}
	room := max(0, height-len(p.lines)-1)
	for _, line := range s.Events[max(0, len(s.Events)-room):] {
		p.add(faint, line)
	}
	lines := p.lines[:min(len(p.lines), max(0, height-1))]
	return append(lines, p.paint(bold, show.Fit(foot, p.width)))
}

// versions are where it comes from and goes to.
func (s State) versions() string {
	if s.Old == "" {
		return "version " + s.New
	}
	return fmt.Sprintf("version %s to %s", s.Old, s.New)
}

// progress is the state, the step, and what is waited for until when.
func (s State) progress(now time.Time) string {
	text := s.Status
	if text == "" {
		text = "beginning"
	}
	if s.Step > 0 {
		text += fmt.Sprintf("  step %d/%d", s.Step, s.Steps)
	}
	switch {
	case s.Status == "paused":
		return text + "  waits for resume"
	case s.Status == "awaiting-approval":
		return text + "  waits for a person: resume lets it go on"
	case s.Status == "held":
		return text + "  waits for a person: it failed"
	case s.Until.After(now):
		return text + fmt.Sprintf("  until %s, %s from now", s.Until.UTC().Format(time.TimeOnly), s.Until.Sub(now).Round(time.Second))
	case !s.Until.IsZero():
		return text + "  its hold is over: waits until what it did is seen and passes"
	}
	return text
}

// bar is the split of the traffic.
func (s State) bar(width int) string {
	length := max(4, width-40)
	full := int(math.Round(s.Weight.Share() * float64(length)))
	if s.Weight > 0 {
		full = max(full, 1)
	}
	return fmt.Sprintf("version %-6s %s%s %6s %% of calls", s.New, strings.Repeat("█", full), strings.Repeat("░", length-full), s.Weight)
}

// calls are both versions' calls, failures and slow calls, as a table.
func (s State) calls() []string {
	var fresh, old *analysis.Counts
	slow := ""
	var rows [2]string
	for _, check := range s.Checks {
		if check.New != nil && check.Old != nil && fresh == nil {
			fresh, old = check.New, check.Old
		}
		for _, threshold := range check.Slow {
			if slow == "" {
				slow = fmt.Sprintf("above %g ms", threshold.AboveMS)
				rows = [2]string{counted(threshold.New.Slow, threshold.New.Invocations), counted(threshold.Old.Slow, threshold.Old.Invocations)}
			}
		}
	}
	if fresh == nil {
		return []string{"no calls are counted yet"}
	}
	return []string{
		fmt.Sprintf("%-16s %12s %22s %22s", "", "calls", "failed", slow),
		fmt.Sprintf("%-16s %12.0f %22s %22s", "new, version "+s.New, fresh.Invocations, counted(fresh.Errors, fresh.Invocations), rows[0]),
		fmt.Sprintf("%-16s %12.0f %22s %22s", "old, version "+s.Old, old.Invocations, counted(old.Errors, old.Invocations), rows[1]),
	}
}

// counted is how many of some calls, with their share.
func counted(n, of float64) string {
	if of <= 0 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.0f (%.3g %%)", n, 100*n/of)
}

// sentence is the reason, without evidence where there is none.
func (s State) sentence() string {
	reason := s.Reason
	for _, check := range s.Checks {
		if check.Evidence != nil && !check.Evidence.Some() {
			reason = strings.Replace(reason, "; "+check.Evidence.Clause(), "", 1)
		}
	}
	return reason
}

// evidence is a line for each comparison that has found some: how far the evidence against the new version is from the line at
// which it fails.
func (s State) evidence(width int) []string {
	var lines []string
	add := func(name string, found *analysis.Evidence) {
		if found == nil || found.Needed <= 1 || !found.Some() {
			return
		}
		length := max(4, width-56)
		full := int(float64(length) * math.Log(max(found.Against, 1)) / math.Log(found.Needed))
		full = max(0, min(full, length))
		lines = append(lines, fmt.Sprintf("%-16s %s%s| %.3g:1 against it, fails at %.0f:1", name, strings.Repeat("█", full), strings.Repeat("░", length-full), found.Against, found.Needed))
	}
	for _, check := range s.Checks {
		add(check.Name, check.Evidence)
		for _, threshold := range check.Slow {
			add(fmt.Sprintf("above %g ms", threshold.AboveMS), threshold.Evidence)
		}
	}
	const most = 4
	return lines[:min(len(lines), most)]
}

// hue is the colour of the verdict and the state.
func (s State) hue() hue {
	switch {
	case s.Status == "held" || s.Verdict == "fail":
		return red
	case s.Verdict == "inconclusive" || s.Status == "paused" || s.Status == "awaiting-approval":
		return yellow
	case s.Verdict == "pass":
		return green
	}
	return plain
}

// hue is how a line is drawn.
type hue string

const (
	plain  hue = ""
	bold   hue = "1"
	faint  hue = "2"
	red    hue = "31"
	green  hue = "32"
	yellow hue = "33"
)

// painter gathers lines.
type painter struct {
	width  int
	colour bool
	lines  []string
}

func (p *painter) add(h hue, text string) {
	p.lines = append(p.lines, p.paint(h, strings.TrimRight(show.Fit(text, p.width), " ")))
}

func (p *painter) rows(texts []string) {
	for _, text := range texts {
		p.add(plain, text)
	}
}

func (p *painter) paint(h hue, text string) string {
	if !p.colour || h == plain || text == "" {
		return text
	}
	return "\x1b[" + string(h) + "m" + text + "\x1b[0m"
}
