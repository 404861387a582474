// Package report makes one page of an answer, for somebody who was not there: HTML that needs nothing else, no script and no
// network, in light and in dark, on a screen and on paper.
package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/printable"
)

//go:embed report.html
var page string

// longest is how many characters of a text of others are shown.
const longest = 4000

// view is what the page shows. Its texts are those of others, printable; the template has them stay text.
type view struct {
	Title, Outcome string
	Sentences      []string
	Facts          [][2]string
	Chart          *chart
	Plots          []plot
	Unit           string
	Steps          []step
	Lists          []list
}

// step is one weight with what was decided of it.
type step struct {
	Weight, Span, Verdict string
	Checks                []check
}

// check is one rule with its numbers.
type check struct {
	Name, Verdict, Reason string
	// Rows are the calls of both versions, and Bars how far the evidence went.
	Rows []row
	Bars []bar
}

type row struct{ What, Calls, Failed, Share string }

// bar is evidence against the new version: its part of the way to the line, in percent, on a logarithmic scale.
type bar struct {
	Name, Against, Needed, Bounds string
	Part                          float64
}

type list struct {
	Name  string
	Items []string
}

// HTML is the page of an answer or a failure, with what both versions did meanwhile.
func HTML(e ending.Ending, m Minutes) ([]byte, error) { return write("page", viewOf(e, m)) }

// Content is what the page shows, for an element of the class rollout in a page of somebody else's, which has Style.
func Content(e ending.Ending, m Minutes) (template.HTML, error) {
	content, err := write("content", viewOf(e, m))
	return template.HTML(content), err
}

// Style is the style of Content, in light, and in dark where the element has the class dark too.
func Style() (template.CSS, error) {
	style, err := write("style", nil)
	return template.CSS(style), err
}

// write writes a part of the page.
func write(part string, of any) ([]byte, error) {
	parsed, err := template.New("report").Parse(page)
	if err != nil {
		return nil, fmt.Errorf("the report's template cannot be read: %w", err)
	}
	var b bytes.Buffer
	if err := parsed.ExecuteTemplate(&b, part, of); err != nil {
		return nil, fmt.Errorf("the report cannot be written: %w", err)
	}
	return b.Bytes(), nil
}

func viewOf(e ending.Ending, m Minutes) view {
	if e.Failure != nil {
		return view{
			Title: text(e.Failure.Type), Outcome: text(e.Failure.Type), Sentences: texts(strings.Split(e.Failure.Message, "\n")),
			Lists: []list{{"What this report leaves out", []string{"a failure has no steps: the numbers are in its message"}}},
		}
	}
	a := e.Answer
	v := view{
		Title: text(fmt.Sprintf("%s:%s %s", a.Function, a.Alias, a.Status)), Outcome: text(a.Status), Sentences: texts(strings.Split(a.Reason, "; ")),
		Facts: facts(a), Chart: chartOf(a), Plots: plots(m), Unit: unit(m.Period),
	}
	for _, s := range a.Steps {
		v.Steps = append(v.Steps, stepOf(s))
	}
	for _, l := range []list{
		{"Findings", texts(a.Findings)},
		{"Warnings", texts(a.Warnings)},
		{"What this report leaves out", leftOut(m)},
	} {
		if len(l.Items) > 0 {
			v.Lists = append(v.Lists, l)
		}
	}
	return v
}

// leftOut says why there are no minutes, where there are none.
func leftOut(m Minutes) []string {
	if len(m.Read) > 0 {
		return nil
	}
	return texts([]string{"an answer has no minutes: failures and slow calls are shown by step, as its checks counted them", m.Why})
}

// facts are what there is to know beside the sentences; what is empty is left out.
func facts(a answer.Answer) [][2]string {
	var facts [][2]string
	for _, fact := range [][2]string{
		{"Function", a.Function},
		{"Alias", a.Alias},
		{"Old version", a.OldVersion},
		{"New version", a.NewVersion},
		{"Weight of the new version", a.Weight.String() + " %"},
		{"Rollout", a.RolloutID},
		{"Started", moment(a.StartedAt)},
		{"Ended", moment(a.EndedAt)},
		{"Duration", a.Duration},
		{"Driver", a.Driver},
	} {
		if fact[1] != "" {
			facts = append(facts, [2]string{fact[0], text(fact[1])})
		}
	}
	return facts
}

func stepOf(s answer.Step) step {
	is := step{Weight: s.Weight.String(), Span: "since " + moment(&s.From), Verdict: text(s.Verdict)}
	if s.Until != nil {
		is.Span = moment(&s.From) + " to " + moment(s.Until)
	}
	for _, c := range s.Checks {
		is.Checks = append(is.Checks, checkOf(c))
	}
	return is
}

func checkOf(c analysis.Check) check {
	is := check{Name: text(c.Name), Verdict: c.Verdict.String(), Reason: text(c.Reason)}
	if c.ReportOnly {
		is.Verdict += ", which decides nothing"
	}
	if c.New != nil {
		is.Rows = append(is.Rows, rowOf("new version, failed", c.New.Invocations, c.New.Errors))
	}
	if c.Old != nil {
		is.Rows = append(is.Rows, rowOf("old version, failed", c.Old.Invocations, c.Old.Errors))
	}
	is.Bars = append(is.Bars, bars(c.Name, c.Evidence)...)
	for _, slow := range c.Slow {
		above := fmt.Sprintf("above %g ms", slow.AboveMS)
		is.Rows = append(is.Rows, rowOf("new version, "+above, slow.New.Invocations, slow.New.Slow), rowOf("old version, "+above, slow.Old.Invocations, slow.Old.Slow))
		is.Bars = append(is.Bars, bars(above, slow.Evidence)...)
	}
	return is
}

func rowOf(what string, calls, failed float64) row {
	r := row{What: what, Calls: fmt.Sprintf("%.0f", calls), Failed: fmt.Sprintf("%.0f", failed), Share: "–"}
	if calls > 0 {
		r.Share = fmt.Sprintf("%.3g %%", 100*failed/calls)
	}
	return r
}

// bars is the evidence of a comparison; none where nothing was compared.
func bars(name string, found *analysis.Evidence) []bar {
	if found == nil || !(found.Needed > 1) {
		return nil
	}
	part := 100 * math.Log(max(found.Against, 1)) / math.Log(found.Needed)
	b := bar{Name: text(name), Against: fmt.Sprintf("%.3g", found.Against), Needed: fmt.Sprintf("%.3g", found.Needed), Part: max(0, min(part, 100))}
	switch {
	case found.RatioAtLeast > 0 && found.RatioAtMost > 0:
		b.Bounds = fmt.Sprintf("its rate is %.3g to %.3g times the old one's", found.RatioAtLeast, found.RatioAtMost)
	case found.RatioAtLeast > 0:
		b.Bounds = fmt.Sprintf("its rate is at least %.3g times the old one's", found.RatioAtLeast)
	case found.RatioAtMost > 0:
		b.Bounds = fmt.Sprintf("its rate is at most %.3g times the old one's", found.RatioAtMost)
	}
	return []bar{b}
}

// moment is a time as the page writes it; "" for none.
func moment(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

func text(of string) string { return printable.Text(of, longest) }

func texts(of []string) []string {
	var all []string
	for _, t := range of {
		if t = text(t); t != "" {
			all = append(all, t)
		}
	}
	return all
}
