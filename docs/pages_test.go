package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stranger reads the README in five minutes.
func TestTheReadmeIsShort(t *testing.T) {
	assert.LessOrEqual(t, strings.Count(texts(t)["README.md"], "\n"), 120)
}

// Every page is on the map of the documents.
func TestEveryPageIsInTheIndex(t *testing.T) {
	all := texts(t)
	for path := range all {
		page, isDocument := strings.CutPrefix(path, "docs/")
		if !isDocument || filepath.Ext(path) != ".md" || page == "README.md" || strings.HasPrefix(page, "decisions/") {
			continue
		}
		assert.True(t, strings.Contains(all["docs/README.md"], "]("+page+")"), "docs/README.md has no link to %s", page)
	}
}

// What the deployer can answer, by its own code, has a paragraph that says what now.
func TestEveryEndingHasItsParagraph(t *testing.T) {
	all := texts(t)
	page := all["docs/how-to/it-says-what-now.md"]
	endings := map[string]*regexp.Regexp{
		"internal/answer/failure.go":   regexp.MustCompile(`(?m)^\t(\w+) struct\{ failure \}`),
		"internal/rollout/action.go":   regexp.MustCompile(`Outcome = "([\w-]+)"`),
		"internal/inspect/status.go":   regexp.MustCompile(`(?:return |answer\.New\([\w.]+, )"([a-z-]+)"`),
		"internal/inspect/plan.go":     regexp.MustCompile(`answer\.New\([\w.]+, "([a-z-]+)"`),
		"internal/inspect/rehearse.go": regexp.MustCompile(`answer\.New\([\w.]+, "([a-z-]+)"`),
	}
	for path, pattern := range endings {
		found := pattern.FindAllStringSubmatch(all[path], -1)
		require.NotEmpty(t, found, path)
		for _, m := range found {
			assert.True(t, strings.Contains(page, "\n### `"+m[1]+"`\n"), "%s can end with %s: what now?", path, m[1])
		}
	}
}

// headed are the headings of a page that are a name of the contract.
func headed(text string) (names []string) {
	for _, m := range regexp.MustCompile("(?m)^### `([\\w-]+)`$").FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// Each status and each errorType that the contract promises has its own heading, and no heading is of anything else.
func TestEveryNameOfTheContractHasItsHeading(t *testing.T) {
	all := texts(t)
	contract := all["docs/contract.md"]
	section := func(from, to string) string {
		_, after, found := strings.Cut(contract, from)
		require.True(t, found, from)
		within, _, found := strings.Cut(after, to)
		require.True(t, found, to)
		return within
	}
	names := func(within, pattern string) (found []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(within, -1) {
			found = append(found, m[1])
		}
		require.NotEmpty(t, found, pattern)
		return found
	}
	promised := slices.Concat(
		names(section("\n`status`: ", " are answers."), "`([a-z]+(?:-[a-z]+)*)`"),
		names(section("with one of these `errorType`s", "These names are API"), "(?m)^- `(\\w+)`: "),
		names(section("the others fail the execution", "for the rest."), "`(TakenOver|DriverFailed)`"),
		names(section("beside the names of section 6 there are ", "`NO_COLOR`"), "`([A-Z]\\w+)`"),
	)
	promised = slices.DeleteFunc(promised, func(name string) bool { return name == "status" }) // the action
	assert.ElementsMatch(t, promised, headed(all["docs/how-to/it-says-what-now.md"]))
}

// The example of a state machine has a choice for every failure by its name.
func TestTheExampleStateMachineKnowsEveryFailure(t *testing.T) {
	machine, err := os.ReadFile(filepath.Join(root, "examples/state-machine/caller.asl.json"))
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^\t(\w+) struct\{ failure \}`).FindAllStringSubmatch(texts(t)["internal/answer/failure.go"], -1)
	require.NotEmpty(t, found)
	for _, m := range found {
		assert.True(t, strings.Contains(string(machine), `"StringEquals": "`+m[1]+`"`), m[1])
	}
}

// slugs are the anchors of a document's headings, as GitHub makes them.
func slugs(text string) map[string]bool {
	fence := regexp.MustCompile("(?s)\n```.*?\n```\n")
	other := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	all := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(fence.ReplaceAllString(text, "\n"), -1) {
		slug := strings.ReplaceAll(other.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
		name := slug
		for n := 1; all[name]; n++ {
			name = fmt.Sprintf("%s-%d", slug, n)
		}
		all[name] = true
	}
	return all
}

func TestAnchorsAreThere(t *testing.T) {
	all := texts(t)
	link := regexp.MustCompile(`\]\(([^):#]*)#([^)]+)\)`)
	for path, text := range all {
		if filepath.Ext(path) != ".md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to := path
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(path), m[1])
			}
			assert.True(t, slugs(all[to])[m[2]], "%s links to %s#%s", path, to, m[2])
		}
	}
}
