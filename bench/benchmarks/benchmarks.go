// Package benchmarks is how the commands that measure write docs/benchmarks.md: each its own section, between markers.
package benchmarks

import (
	"os"
	"path/filepath"
	"strings"
)

// Table is a table in Markdown.
type Table struct {
	Header []string
	Rows   [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// String is the table without a line's end behind it.
func (t *Table) String() string {
	lines := []string{line(t.Header), strings.Repeat("|---", len(t.Header)) + "|"}
	for _, row := range t.Rows {
		lines = append(lines, line(row))
	}
	return strings.Join(lines, "\n")
}

func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

// Yes says whether a goal holds, so that a "no" is seen.
func Yes(holds bool) string {
	if holds {
		return "yes"
	}
	return "**no**"
}

// Replace puts a section between the markers of its name in a document, at its end where it has none.
func Replace(document, name, section string) string {
	begin, end := "<!-- "+name+" -->", "<!-- /"+name+" -->"
	section = begin + "\n\n" + section + "\n\n" + end
	before, rest, found := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return strings.TrimRight(document, "\n") + "\n\n" + section + "\n"
	}
	return before + section + after
}

// Write replaces a section of benchmarks.md in a directory, which begins with a title if there is none yet.
func Write(docs, name, section string) error {
	path := filepath.Join(docs, "benchmarks.md")
	document, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		document, err = []byte("# Benchmarks\n"), nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(Replace(string(document), name, section)), 0o644)
}
