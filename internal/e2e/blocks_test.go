//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	parser "github.com/meta-deployer/meta-deployer/internal/request"
)

// decoded is a file of YAML.
func decoded(t *testing.T, path string) (value any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &value), path)
	return value
}

// find goes down a decoded document, by keys and indexes.
func find[T any](t *testing.T, value any, path ...any) T {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			value = value.(map[string]any)[p]
		case int:
			value = value.([]any)[p]
		}
	}
	found, ok := value.(T)
	require.True(t, ok, "nothing at %v", path)
	return found
}

// block is the only block of a page in a language.
func block(t *testing.T, page, language string) string {
	t.Helper()
	var found []string
	for _, f := range fences(t, page) {
		if f.language == language {
			found = append(found, f.text)
		}
	}
	require.Len(t, found, 1, page)
	return found[0]
}

// Every block of JSON is JSON; a request among them is taken, a list of probes too, and a state machine is valid.
func TestEveryBlockOfJSONIsTaken(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, f := range fences(t, page) {
			if f.language != "json" {
				continue
			}
			var value any
			require.NoError(t, json.Unmarshal([]byte(f.text), &value), "%s:%d", page, f.line)
			object, _ := value.(map[string]any)
			if object["type"] == "custom" { // a widget in a dashboard's source
				object = find[map[string]any](t, value, "properties", "params")
			}
			switch {
			case filepath.Base(page) == "dashboard.md":
				takenByTheWidget(t, object)
			case object["StartAt"] != nil:
				validMachine(t, f.text)
			case object["function-name"] != nil:
				_, err := parser.Parse([]byte(f.text), parser.Home{Region: "eu-west-1", Account: "123456789012"})
				assert.NoError(t, err, "%s:%d", page, f.line)
			default:
				_, err := parser.HookProbes("PROBES", f.text)
				assert.NoError(t, err, "%s:%d", page, f.line)
			}
		}
	}
}

// takenByTheWidget checks parameters of the dashboard's widget, which asks for the status of an alias.
func takenByTheWidget(t *testing.T, parameters map[string]any) {
	t.Helper()
	parameters["action"] = "status"
	raw, err := json.Marshal(parameters)
	require.NoError(t, err)
	request, err := parser.Parse(raw, parser.Home{Region: "eu-west-1", Account: "123456789012"})
	require.NoError(t, err)
	assert.Empty(t, request.RoleARN)
}

// validMachine has asl-validator look at a state machine.
func validMachine(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "machine.asl.json")
	text = strings.ReplaceAll(text, "${RolloutStateMachineArn}", "arn:aws:states:eu-west-1:123456789012:stateMachine:meta-deployer-rollout")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	ended := execute(t, "", absolute(t, stepFunctions+"node_modules/.bin/asl-validator"), "--json-path", path)
	assert.Zero(t, ended.status, ended.out+ended.problem)
}

func TestTheExampleStateMachineIsValid(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../examples/state-machine/caller.asl.json")
	require.NoError(t, err)
	validMachine(t, string(raw))
}

// Every block of YAML is YAML.
func TestEveryBlockOfYAMLIsYAML(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, f := range fences(t, page) {
			if f.language == "yaml" {
				var value any
				assert.NoError(t, yaml.Unmarshal([]byte(f.text), &value), "%s:%d", page, f.line)
			}
		}
	}
}

// What a page shows of an example is what the example has.
func TestPagesShowTheExamples(t *testing.T) {
	t.Parallel()
	var gitlab, codebuild any
	require.NoError(t, yaml.Unmarshal([]byte(block(t, "docs/how-to/gitlab.md", "yaml")), &gitlab))
	require.NoError(t, yaml.Unmarshal([]byte(block(t, "docs/how-to/codebuild.md", "yaml")), &codebuild))
	assert.Equal(t, find[any](t, decoded(t, "../../examples/gitlab-ci.yml"), "rollout"), find[any](t, gitlab, "rollout"))
	assert.Equal(t, decoded(t, "../../examples/buildspec.yml"), codebuild)
	terraform, err := os.ReadFile("../../examples/terraform/main.tf")
	require.NoError(t, err)
	assert.Contains(t, string(terraform), block(t, "docs/how-to/terraform.md", "hcl"))
}

// What GitLab and GitHub read follows their published schemas, as check-jsonschema carries them.
func TestWhatGitLabAndGitHubReadFollowsTheirSchemas(t *testing.T) {
	t.Parallel()
	check := func(schema string, files ...string) outcome {
		return execute(t, "../..", append([]string{peer(t, ".venv-peers", "check-jsonschema"), "--builtin-schema", schema}, files...)...)
	}
	shown := filepath.Join(t.TempDir(), "gitlab-ci.yml")
	job := block(t, "docs/how-to/gitlab.md", "yaml")
	require.NoError(t, os.WriteFile(shown, []byte(job), 0o600))
	const forms = ".github/ISSUE_TEMPLATE/"
	for schema, files := range map[string][]string{
		"vendor.gitlab-ci":           {"examples/gitlab-ci.yml", shown},
		"vendor.github-actions":      {"examples/github-action/action.yml"},
		"vendor.github-issue-forms":  {forms + "aws.yml", forms + "bug.yml", forms + "wish.yml"},
		"vendor.github-issue-config": {forms + "config.yml"},
	} {
		ended := check(schema, files...)
		assert.Zero(t, ended.status, "%s: %s", schema, ended.out)
	}
	require.NoError(t, os.WriteFile(shown, []byte(strings.Replace(job, "resource_group:", "resource_groups:", 1)), 0o600))
	assert.Contains(t, check("vendor.gitlab-ci", shown).out, "'resource_groups' was unexpected")
}

// The workflow of the page calls the action, and gives it what it takes.
func TestTheWorkflowForGitHubIsValid(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(directory, ".git"), 0o755)) // what actionlint knows a project by
	require.NoError(t, os.MkdirAll(filepath.Join(directory, ".github/workflows"), 0o755))
	require.NoError(t, os.CopyFS(filepath.Join(directory, "examples"), os.DirFS("../../examples")))
	published, local := "meta-deployer/meta-deployer/examples/github-action@main", "./examples/github-action"
	workflow := block(t, "docs/how-to/github-actions.md", "yaml")
	require.Contains(t, workflow, published)
	path := filepath.Join(directory, ".github/workflows/deploy.yml")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(workflow, published, local)), 0o600))
	goTool(t, "actionlint", path)
}

// Terraform's registry cannot be reached here, so its provider has not validated the example: its language's own formatter has
// parsed it.
func TestTheExampleForTerraformIsFormatted(t *testing.T) {
	t.Parallel()
	goTool(t, "hclfmt", "-check", "-require-no-change", "examples/terraform/main.tf")
}
