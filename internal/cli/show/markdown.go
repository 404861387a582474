package show

import (
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/printable"
)

// Markdown is how a command ended, for the summary of a job. What others wrote stays text.
func Markdown(e ending.Ending) string {
	var b strings.Builder
	if e.Failure != nil {
		fmt.Fprintf(&b, "### %s\n\n", escape(e.Failure.Type))
		for text := range strings.SplitSeq(e.Failure.Message, "\n") {
			fmt.Fprintf(&b, "%s\n\n", escape(text))
		}
		return b.String()
	}
	a := e.Answer
	fmt.Fprintf(&b, "### %s\n\n", escape(headline(a)))
	for text := range strings.SplitSeq(a.Reason, "; ") {
		fmt.Fprintf(&b, "%s\n\n", escape(text))
	}
	if rows := steps(a); len(rows) > 0 {
		b.WriteString("| weight | time (UTC) | verdict |\n|---:|---|---|\n")
		for _, row := range rows {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", escape(row[0]), escape(row[1]), escape(row[2]))
		}
		b.WriteString("\n")
	}
	list := func(kind string, texts []string) {
		for _, text := range texts {
			fmt.Fprintf(&b, "- %s%s\n", kind, escape(text))
		}
	}
	list("", cases(a))
	list("finding: ", a.Findings)
	list("warning: ", a.Warnings)
	return b.String()
}

// escape has a text stand for itself in markdown and in its tables.
func escape(text string) string {
	var b strings.Builder
	for _, r := range printable.Text(text, longest) {
		if strings.ContainsRune("\\`*_{}[]<>()#|!&~@", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
