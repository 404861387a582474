//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	parser "github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// stacks are the blocks of YAML of a page that are templates, written to files that CloudFormation's tools take.
func stacks(t *testing.T, page string) (paths []string) {
	t.Helper()
	for _, f := range fences(t, page) {
		if f.language != "yaml" || !strings.HasPrefix(f.text, "Resources:\n") {
			continue
		}
		text := f.text
		if strings.Contains(text, "AWS::Serverless::") {
			text = "Transform: AWS::Serverless-2016-10-31\n" + text
		}
		path := filepath.Join(t.TempDir(), "template.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		paths = append(paths, path)
	}
	return paths
}

// Every block that is a template is one that cfn-lint finds nothing in.
func TestEveryBlockThatIsATemplateIsLinted(t *testing.T) {
	t.Parallel()
	linted := 0
	for _, page := range pages(t) {
		for _, path := range stacks(t, page) {
			lint := execute(t, filepath.Dir(path), peer(t, ".venv-sam", "cfn-lint"), path)
			assert.Zero(t, lint.status, "%s: %s", page, lint.out+lint.problem)
			linted++
		}
	}
	assert.GreaterOrEqual(t, linted, 3)
}

// The rule of the page, as moto's CloudFormation makes it and moto matches events, takes what went wrong and nothing else; and
// the schedule's input is a request.
func TestTheRuleOfThePage(t *testing.T) {
	t.Parallel()
	paths := stacks(t, "docs/how-to/eventbridge.md")
	require.Len(t, paths, 2)
	b := motoBus{url: startMoto(t)}
	aws := func(arguments ...string) string {
		ended := execute(t, "", append([]string{"/usr/bin/env", "AWS_ENDPOINT_URL=" + b.url, peer(t, ".venv-awscli2", "aws")}, arguments...)...)
		require.Zero(t, ended.status, ended.out+ended.problem)
		return strings.TrimSpace(ended.out)
	}
	aws("cloudformation", "deploy", "--stack-name", "rules", "--template-file", paths[0])
	queue := aws("sqs", "list-queues", "--output", "text", "--query", "QueueUrls[0]")
	for _, state := range rollout.States() {
		require.NoError(t, b.put(t, "default", state))
	}
	var states []rollout.State
	for _, message := range b.read(t, queue) {
		states = append(states, stateOf(t, message))
	}
	assert.ElementsMatch(t, []rollout.State{
		rollout.StateRolledBack, rollout.StateHeld, rollout.StateSuperseded, rollout.StateRollbackFailed, rollout.StateNotKnown,
	}, states)

	input := find[string](t, decoded(t, paths[1]), "Resources", "Nightly", "Properties", "Target", "Input")
	request, err := parser.Parse([]byte(input), parser.Home{Region: "eu-west-1", Account: "123456789012"})
	require.NoError(t, err)
	assert.Empty(t, request.Warnings)
}
