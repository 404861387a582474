//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fence is one fenced block of a document.
type fence struct {
	page string
	line int
	// language is what stands behind the opening fence, and above the paragraph that ends right before it.
	language, above, text string
}

// pages are the documents whose blocks a reader copies.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../../docs/how-to/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	all := []string{"README.md", "docs/quickstart.md", "docs/tutorial.md"}
	for _, path := range found {
		all = append(all, strings.TrimPrefix(path, "../../"))
	}
	return all
}

// fences are the blocks of a document, by its path from the root.
func fences(t *testing.T, page string) (all []fence) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", page))
	require.NoError(t, err)
	lines := strings.Split(string(raw), "\n")
	for i := 0; i < len(lines); i++ {
		language, opens := strings.CutPrefix(lines[i], "```")
		if !opens {
			continue
		}
		length := slices.Index(lines[i+1:], "```")
		require.GreaterOrEqual(t, length, 0, "%s:%d is not closed", page, i+1)
		f := fence{page: page, line: i + 1, language: language, text: strings.Join(lines[i+1:i+1+length], "\n") + "\n"}
		if i > 1 {
			f.above = lines[i-2]
		}
		all, i = append(all, f), i+1+length
	}
	return all
}

func (f fence) isShell() bool { return f.language == "sh" || f.language == "bash" }

// isStep says whether a block is a step of a pipeline: what stands behind it must not run after a rollout that failed.
func (f fence) isStep() bool { return f.isShell() && strings.HasPrefix(f.text, "set -euo pipefail\n") }

// needsAWS says whether a block cannot run here. Its page says what was checked instead.
func (f fence) needsAWS() bool { return strings.HasPrefix(f.above, "Needs AWS. Checked instead: ") }

// isMake says whether a block is of make's targets.
func (f fence) isMake() bool { return strings.HasPrefix(f.text, "make ") }
