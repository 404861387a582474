package main

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// emulated is what a terminal of 80 by 24 shows after a text, and how many lines have left it at the top. What it does not know
// fails the test.
func emulated(t *testing.T, output string) (lines []string, scrolled int) {
	t.Helper()
	const width, height = 80, 24
	var grid [height][width]rune
	row, column := 0, 0
	clear := func(row, from int) {
		for i := from; i < width; i++ {
			grid[row][i] = ' '
		}
	}
	for i := range grid {
		clear(i, 0)
	}
	sequence := regexp.MustCompile(`^\x1b\[(\??[0-9;]*)([A-Za-z])`)
	for rest := output; rest != ""; {
		if m := sequence.FindStringSubmatch(rest); m != nil {
			rest = rest[len(m[0]):]
			n, _ := strconv.Atoi(m[1])
			switch m[2] {
			case "A":
				row = max(0, row-n)
			case "K":
				clear(row, column)
			case "J":
				clear(row, column)
				for i := row + 1; i < height; i++ {
					clear(i, 0)
				}
			case "m", "h", "l":
			default:
				t.Fatalf("a terminal is not asked for %q", m[0])
			}
			continue
		}
		r := []rune(rest[:min(len(rest), 4)])[0]
		rest = rest[len(string(r)):]
		switch {
		case r == '\r':
			column = 0
		case r == '\n' && row == height-1:
			copy(grid[:], grid[1:])
			clear(height-1, 0)
			scrolled++
		case r == '\n':
			row++
		case r >= ' ':
			require.Less(t, column, width, "a line is too long")
			grid[row][column] = r
			column++
		default:
			t.Fatalf("%q is not for a terminal", r)
		}
	}
	for i := range grid {
		lines = append(lines, strings.TrimRight(string(grid[i][:]), " "))
	}
	return lines, scrolled
}
