package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// table is a table in Markdown.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.header)
	b.WriteString(strings.Repeat("|---", len(t.header)) + "|\n")
	for _, row := range t.rows {
		line(row)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// percent writes a share with two significant digits: "0.37 %".
func percent(x float64) string {
	digits := 2
	for scale := 0.1; digits > 0 && 100*x >= scale*9.95; scale *= 10 {
		digits--
	}
	text := strconv.FormatFloat(100*x, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + " %"
}

// rate writes a share with its standard error.
func rate(s share) string {
	return fmt.Sprintf("%.2f ± %.2f %%", 100*s.rate(), 100*s.deviation())
}

func yes(holds bool) string {
	if holds {
		return "yes"
	}
	return "**no**"
}

// The markers of our section of a document that others write too.
const (
	beginMarker = "<!-- judgement -->"
	endMarker   = "<!-- /judgement -->"
)

// replaceSection puts a section between the markers of a document, at its end where it has none.
func replaceSection(document, section string) string {
	section = beginMarker + "\n\n" + section + "\n\n" + endMarker
	before, rest, found := strings.Cut(document, beginMarker)
	_, after, closed := strings.Cut(rest, endMarker)
	if !found || !closed {
		return strings.TrimRight(document, "\n") + "\n\n" + section + "\n"
	}
	return before + section + after
}

// writeSection replaces our section of a file, which begins with a title if there is none yet.
func writeSection(path, section string) error {
	document, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		document, err = []byte("# Benchmarks\n"), nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(replaceSection(string(document), section)), 0o644)
}
