// Package docs_test holds the documents to the repository: what they and the code cite is there.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = ".."

// texts are the repository's own texts, by their paths from its root.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	endings := []string{".md", ".go", ".py", ".yaml", ".toml", ""}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || slices.Contains([]string{"dist", "node_modules", "testdata"}, name)):
			return filepath.SkipDir
		case entry.IsDir() || name == "docs_test.go" || !slices.Contains(endings, filepath.Ext(name)) || strings.HasPrefix(name, "."):
			return nil
		}
		raw, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, root+"/")] = string(raw)
		return err
	}))
	require.NotEmpty(t, all["README.md"])
	require.NotEmpty(t, all["internal/rollout/decide.go"])
	return all
}

// exists says whether a path from the root is there.
func exists(path string) bool {
	_, err := os.Stat(filepath.Join(root, path))
	return err == nil
}

func TestWhatIsCitedIsInTheRepository(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	document := regexp.MustCompile(`\bdocs/[\w/.-]+\.(?:md|svg)\b|\bdocs/decisions/\d{4}\b`)
	elsewhere := regexp.MustCompile(`reference/aws\.md|\.\./shared|[Dd]esign section|\([Tt]he contract, section|\([Cc]ontract, section`)
	for path, text := range texts(t) {
		if strings.HasSuffix(path, ".md") {
			for _, m := range link.FindAllStringSubmatch(text, -1) {
				assert.True(t, exists(filepath.Join(filepath.Dir(path), m[1])), "%s links to %s", path, m[1])
			}
		}
		for _, cited := range document.FindAllString(text, -1) {
			found, err := filepath.Glob(filepath.Join(root, cited+"*"))
			require.NoError(t, err)
			assert.True(t, len(found) > 0 || exists(cited), "%s cites %s", path, cited)
		}
		if !strings.HasPrefix(path, "docs/decisions") {
			assert.Empty(t, elsewhere.FindAllString(text, -1), "%s cites what is not in the repository", path)
		}
	}
}

// The rules and properties that comments and tests name by number are in the design.
func TestTheDesignHasWhatIsNamedByNumber(t *testing.T) {
	all := texts(t)
	rule, property := regexp.MustCompile(`\brules? (\d+)\b`), regexp.MustCompile(`func Test([SLE]\d+)[A-Z]`)
	for path, text := range all {
		if strings.HasPrefix(path, "internal/rollout/") {
			for _, m := range rule.FindAllStringSubmatch(text, -1) {
				assert.True(t, strings.Contains(all["docs/design.md"], "\n"+m[1]+". "), "%s names rule %s", path, m[1])
			}
		}
		for _, m := range property.FindAllStringSubmatch(text, -1) {
			assert.True(t, strings.Contains(all["docs/design.md"], "**"+m[1]+"**"), "%s tests property %s", path, m[1])
		}
	}
}

// A decision is cited by its number, so that no two have the same.
func TestDecisionsHaveNumbersOfTheirOwn(t *testing.T) {
	number := regexp.MustCompile(`^docs/decisions/0*(\d+)-`)
	known := map[string]string{}
	for path, text := range texts(t) {
		if m := number.FindStringSubmatch(path); m != nil {
			assert.Empty(t, known[m[1]], "%s has the number of another decision", path)
			assert.True(t, strings.HasPrefix(text, "# "+m[1]+". "), "%s does not begin with # %s.", path, m[1])
			known[m[1]] = path
		}
	}
	assert.NotEmpty(t, known)
}

// The folders of internal are on the map that newcomers get.
func TestEveryFolderIsOnTheMap(t *testing.T) {
	all := texts(t)
	folders, err := os.ReadDir(filepath.Join(root, "internal"))
	require.NoError(t, err)
	for _, folder := range folders {
		assert.True(t, strings.Contains(all["CONTRIBUTING.md"], "internal/"+folder.Name()), "CONTRIBUTING.md has no folder %s", folder.Name())
	}
}

// Files are read from top to bottom, so none is long, and most are short.
func TestFilesAreShort(t *testing.T) {
	var lengths []int
	for path, text := range texts(t) {
		if filepath.Ext(path) != ".go" {
			continue
		}
		lines := strings.Count(text, "\n")
		assert.LessOrEqual(t, lines, 300, path)
		if !strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "bench/") {
			lengths = append(lengths, lines)
		}
	}
	slices.Sort(lengths)
	assert.Less(t, lengths[len(lengths)/2], 100, "the median of %d files that are no tests", len(lengths))
}
