// Package show writes answers, failures and what happens on the way for people: as plain text, and as markdown for the summary
// of a job.
package show

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/printable"
)

// longest is how many characters of a text of others are shown.
const longest = 4000

// Text is how a command ended, in lines of at most so many characters.
func Text(e ending.Ending, width int) string {
	var b strings.Builder
	line := func(indent, text string) {
		for _, part := range Wrap(text, width-len(indent)) {
			b.WriteString(strings.TrimRight(indent+part, " ") + "\n")
		}
	}
	if e.Failure != nil {
		b.WriteString(e.Failure.Type + "\n")
		for text := range strings.SplitSeq(e.Failure.Message, "\n") {
			line("  ", text)
		}
		return b.String()
	}
	a := e.Answer
	line("", headline(a))
	for text := range strings.SplitSeq(a.Reason, "; ") {
		line("  ", text)
	}
	for _, row := range steps(a) {
		head := "  " + strings.Join(row[:2], "  ") + "  "
		for i, part := range Wrap(row[2], width-len(head)) {
			if i > 0 {
				head = strings.Repeat(" ", len(head))
			}
			b.WriteString(strings.TrimRight(head+part, " ") + "\n")
		}
	}
	for _, row := range cases(a) {
		line("  ", row)
	}
	for _, text := range a.Findings {
		line("  ", "finding: "+text)
	}
	for _, text := range a.Warnings {
		line("  ", "warning: "+text)
	}
	return b.String()
}

// headline is where an answer says the alias is.
func headline(a answer.Answer) string {
	text := fmt.Sprintf("%s:%s %s", a.Function, a.Alias, a.Status)
	switch {
	case a.OldVersion != "" && a.OldVersion != a.NewVersion && a.NewVersion != "":
		text += fmt.Sprintf(", version %s to %s", a.OldVersion, a.NewVersion)
	case a.NewVersion != "":
		text += ", version " + a.NewVersion
	}
	if a.Status != "planned" && a.Status != "rehearsed" {
		text += fmt.Sprintf(" at %s %%", a.Weight)
	}
	if a.RolloutID != "" {
		text += ", rollout " + a.RolloutID
	}
	return text
}

// steps are the rows of an answer's steps: weight, from, until, verdict with its sentence.
func steps(a answer.Answer) [][]string {
	var rows [][]string
	for _, step := range a.Steps {
		span := "since " + step.From.UTC().Format(time.TimeOnly)
		if step.Until != nil {
			span = step.From.UTC().Format(time.TimeOnly) + " to " + step.Until.UTC().Format(time.TimeOnly)
		}
		rows = append(rows, []string{fmt.Sprintf("%6s %%", step.Weight), fmt.Sprintf("%-20s", span), Verdict(step)})
	}
	return rows
}

// Verdict is how a step was judged, with the sentence of the check that decided.
func Verdict(step answer.Step) string {
	if step.Verdict == "" {
		return ""
	}
	if check := Deciding(step.Checks); check != nil {
		return fmt.Sprintf("%s: %s: %s", step.Verdict, check.Name, check.Reason)
	}
	return step.Verdict
}

// Deciding is the first check with the worst verdict of those that decide; nil without one.
func Deciding(checks []analysis.Check) *analysis.Check {
	var worst *analysis.Check
	for i, check := range checks {
		if !check.ReportOnly && (worst == nil || check.Verdict > worst.Verdict) {
			worst = &checks[i]
		}
	}
	return worst
}

// cases are what a plan is expected to cost, and how a rehearsal went.
func cases(a answer.Answer) []string {
	var rows []string
	for _, r := range a.BlastRadius {
		after := "is not noticed"
		if r.RolledBackAfter != "" {
			after = "goes back after " + r.RolledBackAfter
		}
		rows = append(rows, fmt.Sprintf("a version that fails %g %% of its calls %s and costs %d calls", r.Failing, after, r.Failed))
	}
	for _, c := range a.Cases {
		row := fmt.Sprintf("with %g %% failures added: %d of %d rollouts went back", c.Added, c.RolledBack, c.Rollouts)
		if c.MedianTime != "" {
			row += ", half of them within " + c.MedianTime
		}
		rows = append(rows, row)
	}
	return rows
}

// Fit is a text on one line of at most so many characters, with its blanks as they are and "…" where something is left out.
func Fit(text string, width int) string {
	kept := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\n", "; ")))
	switch {
	case len(kept) <= width:
		return string(kept)
	case width < 1:
		return ""
	}
	return string(kept[:width-1]) + "…"
}

// Line is a status as one line of a log.
func Line(at time.Time, a answer.Answer) string {
	text := fmt.Sprintf("%s  %6s %%  %s", at.UTC().Format(time.TimeOnly), a.Weight, a.Status)
	if n := len(a.Steps); n > 0 && a.Steps[n-1].Verdict != "" {
		return text + "  " + Verdict(a.Steps[n-1])
	}
	return text + "  " + a.Reason
}

// Wrap breaks a text between words into lines of at most so many characters, and within a word that is longer than a line.
func Wrap(text string, width int) []string {
	rest := []rune(printable.Text(text, longest))
	width = max(width, 10)
	var lines []string
	for len(rest) > width {
		end := width
		for i := width; i > width/2; i-- {
			if rest[i] == ' ' {
				end = i
				break
			}
		}
		lines = append(lines, string(rest[:end]))
		rest = []rune(strings.TrimLeft(string(rest[end:]), " "))
	}
	return append(lines, string(rest))
}
