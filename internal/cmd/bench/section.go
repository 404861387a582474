package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// table is a table in Markdown.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String is the table without a line's end behind it.
func (t *table) String() string {
	lines := []string{line(t.header), strings.Repeat("|---", len(t.header)) + "|"}
	for _, row := range t.rows {
		lines = append(lines, line(row))
	}
	return strings.Join(lines, "\n")
}

func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1e3) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func wholeSeconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }

func mebibytes(bytes float64) string { return fmt.Sprintf("%.1f MiB", bytes/mebibyte) }

// over is how many times the floor a figure is.
func over[T ~int64 | ~float64](figure, floor T) float64 { return float64(figure) / float64(floor) }

func ratio[T ~int64 | ~float64](figure, floor T) string {
	return fmt.Sprintf("%.2f", over(figure, floor))
}

func yes(holds bool) string {
	if holds {
		return "yes"
	}
	return "**no**"
}

// The markers of our section of a document that others write too.
const (
	beginMarker = "<!-- measured -->"
	endMarker   = "<!-- /measured -->"
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
