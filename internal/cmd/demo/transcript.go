package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
)

// transcript shows everything of a tape on a screen.
type transcript struct {
	screen
	*tape
	// last is the last turn of each invocation: what its next write comes from.
	last map[string]scenario.Event
}

// run shows everything, from the first event to the answers.
func (s transcript) run() {
	s.line("")
	s.heading(s.Scenario.Name)
	s.paragraph("", s.Scenario.About, s.usual)
	s.line("")
	before := s.start()
	for _, f := range s.frames {
		s.pause(f.At-before, s.end()-s.start())
		before = f.At
		s.frame(f)
	}
	s.summary()
}

// frame shows an event. What a turn leads to is an event of its own, so a turn is shown where it waits or went wrong.
func (s transcript) frame(f frame) {
	switch f.Kind {
	case scenario.Asked:
		s.row(f, s.strong, "is asked: "+f.Text)
	case scenario.Turned:
		s.last[f.Who] = f.Event
		s.turn(f)
	case scenario.Wrote:
		cause, ours := s.last[f.Who]
		if !ours {
			s.row(f, s.unsure, fmt.Sprintf("%s changes the alias: %s", f.Who, f.Routing))
			return
		}
		s.row(f, s.judged(cause.Verdict), decision(cause))
	case scenario.Died:
		s.row(f, s.bad, "its process dies: "+f.Text)
	case scenario.Answered:
		s.row(f, s.strong, "answers "+f.Text)
	case scenario.Logged:
		s.row(f, s.faint, f.Text)
	}
}

// turn shows a turn: in passing where it says nothing new.
func (s transcript) turn(f frame) {
	verdict := fmt.Sprintf("%s: %s", f.Verdict, f.Why)
	switch {
	case f.Quiet && f.Verdict != "":
		s.passing(s.head(f) + s.judged(f.Verdict)(s.fit(verdict, headLength)))
	case f.Quiet:
	case f.Routing == "":
		s.row(f, s.unsure, f.Text)
	case f.Verdict != "" && strings.HasPrefix(f.Text, "wait"):
		s.row(f, s.judged(f.Verdict), verdict)
	}
}

// decision is what a turn decided, on which verdict.
func decision(e scenario.Event) string {
	if e.Verdict == "" {
		return e.Text
	}
	return fmt.Sprintf("%s, %s: %s", strings.TrimSuffix(e.Text, ": "+e.Why), e.Verdict, e.Why)
}

// judged is the colour of a verdict.
func (s transcript) judged(verdict string) func(string) string {
	switch verdict {
	case "pass":
		return s.good
	case "fail":
		return s.bad
	case "inconclusive":
		return s.unsure
	default:
		return s.usual
	}
}

const (
	// barLength is how long a bar of traffic is.
	barLength = 20
	// headLength is how many characters of a row stand before its text.
	headLength = barLength + 37
)

// head is a row without its text: when, who, where the traffic is, and how many requests have failed.
func (s transcript) head(f frame) string {
	who, failed := f.Who, fmt.Sprintf("%6.0f failed  ", f.failed)
	if len(who) > 3 {
		who = ""
	}
	if f.failed > 0 {
		failed = s.bad(failed)
	} else {
		failed = s.faint(failed)
	}
	return fmt.Sprintf("%6s  %-3s  ", clock(f.At), who) + s.bar(f.share.Share(), barLength) + fmt.Sprintf("%6s %% ", f.share) + failed
}

// row shows an event as a row. A text that is too long goes on below, from its first colon on.
func (s transcript) row(f frame, colour func(string) string, text string) {
	if s.width == 0 || headLength+len([]rune(text)) <= s.width {
		s.line(s.head(f) + colour(text))
		return
	}
	first, rest, _ := strings.Cut(text, ": ")
	s.line(s.head(f) + colour(s.fit(first, headLength)))
	s.paragraph("             ", rest, s.faint)
}

// summary shows the traffic over time, who was served how, what everybody was answered, and whether that is as the
// scenario says.
func (s transcript) summary() {
	shares, failures := s.timeline(60)
	most := 0.0
	for _, n := range failures {
		most = max(most, n)
	}
	s.line("")
	s.line("  traffic moved    " + s.good(s.curve(shares, 1)))
	s.line("  failed requests  " + s.bad(s.curve(failures, most)))
	s.line(fmt.Sprintf("  %-16s %-54s%6s", "time", clock(s.start()), clock(s.end())))
	for _, served := range s.Served() {
		s.line("  " + served)
	}
	for i, e := range s.Endings {
		if e.Answer != nil {
			s.line("")
			s.line(s.strong(fmt.Sprintf("  #%d is answered", i+1)))
			s.answer(e)
		}
	}
	s.line("")
	for _, problem := range s.Problems() {
		s.line(s.bad("  not as the scenario says: " + problem))
	}
	if len(s.Problems()) == 0 {
		s.line(s.good("  as expected: " + s.endings()))
	}
}

// answer shows what a caller gets. Only the steps are cut where the line ends: they are shown above.
func (s transcript) answer(e scenario.Ending) {
	for line := range strings.SplitSeq(e.Text(), "\n") {
		text := strings.TrimLeft(line, " ")
		indent := "  " + line[:len(line)-len(text)]
		if strings.HasPrefix(text, "{\"weight\"") {
			s.line(indent + s.fit(text, len(indent)))
			continue
		}
		s.paragraph(indent, text, s.usual)
	}
}

// endings are how the requests ended, and where the alias is.
func (s transcript) endings() string {
	var parts []string
	for i, e := range s.Endings {
		parts = append(parts, fmt.Sprintf("#%d %s", i+1, e.How))
	}
	if is, err := s.World.Alias(s.Scenario.Function, s.alias); err == nil {
		parts = append(parts, s.alias+" at "+is.Routing.String())
	}
	return strings.Join(parts, ", ")
}

// clock is a moment as minutes and seconds.
func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", d/time.Minute, d%time.Minute/time.Second)
}
