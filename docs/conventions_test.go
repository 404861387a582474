package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// What .editorconfig tells editors is so already: nobody's first change is one of blanks.
func TestFilesAreAsEditorsAreTold(t *testing.T) {
	settings, err := os.ReadFile(filepath.Join(root, ".editorconfig"))
	require.NoError(t, err)
	for _, line := range []string{"end_of_line = lf", "insert_final_newline = true", "trim_trailing_whitespace = true", "[{*.go,go.mod,Makefile}]\nindent_style = tab"} {
		require.True(t, strings.Contains(string(settings), line), line)
	}
	blanks, indented := regexp.MustCompile(`(?m)[ \t]+$`), regexp.MustCompile("(?m)^\t")
	for path, text := range texts(t) {
		if text == "" {
			continue
		}
		assert.True(t, strings.HasSuffix(text, "\n"), "%s does not end with a line's end", path)
		assert.False(t, strings.Contains(text, "\r"), "%s has carriage returns", path)
		assert.Empty(t, blanks.FindString(text), "%s has blanks at a line's end", path)
		switch filepath.Ext(path) {
		case ".md", ".py", ".yaml", ".toml":
			assert.Empty(t, indented.FindString(text), "%s is indented with tabs", path)
		}
	}
}

// form is one of GitHub's issue forms: docs.github.com, "Syntax for GitHub's form schema".
type form struct {
	Name, Description string
	Labels            []string
	Body              []struct {
		Type, ID   string
		Attributes struct {
			Label, Description, Value, Render string
		}
		Validations struct{ Required bool }
	}
}

// GitHub shows a form that it cannot read to nobody, and says nothing.
func TestIssueFormsAreOnesThatGitHubTakes(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, ".github/ISSUE_TEMPLATE/*.yml"))
	require.NoError(t, err)
	forms := 0
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		if filepath.Base(path) == "config.yml" {
			checkContacts(t, raw)
			continue
		}
		forms++
		var f form
		decoder := yaml.NewDecoder(strings.NewReader(string(raw)))
		decoder.KnownFields(true)
		require.NoError(t, decoder.Decode(&f), path)
		assert.NotEmpty(t, f.Name, path)
		assert.NotEmpty(t, f.Description, path)
		seen, asks := map[string]bool{}, false
		for _, field := range f.Body {
			assert.Contains(t, []string{"markdown", "input", "textarea"}, field.Type, path)
			if field.Type == "markdown" {
				assert.NotEmpty(t, field.Attributes.Value, path)
				continue
			}
			asks = asks || field.Validations.Required
			assert.NotEmpty(t, field.Attributes.Label, path)
			assert.Regexp(t, `^[\w-]+$`, field.ID, path)
			assert.False(t, seen[field.ID], "%s has %s twice", path, field.ID)
			seen[field.ID] = true
		}
		assert.True(t, asks, "%s asks for nothing", path)
	}
	assert.NotZero(t, forms)
}

// checkContacts checks where somebody is sent who is not to write an issue, and that the documents are there.
func checkContacts(t *testing.T, raw []byte) {
	t.Helper()
	var config struct {
		ContactLinks []struct{ Name, URL, About string } `yaml:"contact_links"`
		Blank        bool                                `yaml:"blank_issues_enabled"`
	}
	require.NoError(t, yaml.Unmarshal(raw, &config))
	require.NotEmpty(t, config.ContactLinks)
	for _, link := range config.ContactLinks {
		_, path, found := strings.Cut(link.URL, "/blob/main/")
		assert.True(t, found && exists(path), link.URL)
		assert.NotEmpty(t, link.Name)
		assert.NotEmpty(t, link.About)
	}
}
