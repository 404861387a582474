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
)

// cdkExample is the example for CDK, with the modules that its lock file names.
const cdkExample = "../../examples/cdk"

// synthesised is the template that the example makes, by type and logical id, with another handler in it; "" is its own.
func synthesised(t *testing.T, handler string) (path string, resources map[string]map[string]any) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"app.mjs", "moved-alias.mjs", "package.json", "handler/index.mjs"} {
		raw, err := os.ReadFile(filepath.Join(cdkExample, name))
		require.NoError(t, err)
		if handler != "" && strings.HasPrefix(name, "handler/") {
			raw = []byte(handler)
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), raw, 0o600))
	}
	require.NoError(t, os.Symlink(absolute(t, filepath.Join(cdkExample, "node_modules")), filepath.Join(folder, "node_modules")))
	node := absolute(t, filepath.Join("../..", node22, "bin/node"))
	ended := execute(t, folder, "/usr/bin/env", "CDK_OUTDIR="+filepath.Join(folder, "out"), node, "app.mjs")
	require.Zero(t, ended.status, ended.out+ended.problem)
	path = filepath.Join(folder, "out/my-app.template.json")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var made struct{ Resources map[string]map[string]any }
	require.NoError(t, json.Unmarshal(raw, &made))
	resources = map[string]map[string]any{}
	for id, resource := range made.Resources {
		kind := resource["Type"].(string)
		if resources[kind] == nil {
			resources[kind] = map[string]any{}
		}
		resources[kind][id] = resource
	}
	return path, resources
}

// aliases are the aliases of a template, by name.
func aliases(resources map[string]map[string]any) map[string]map[string]any {
	found := map[string]map[string]any{}
	for _, resource := range resources["AWS::Lambda::Alias"] {
		alias := resource.(map[string]any)
		found[alias["Properties"].(map[string]any)["Name"].(string)] = alias
	}
	return found
}

// Another version of the code moves candidate and leaves live alone: CloudFormation updates a resource when its text has changed,
// and live's has not. The version that has the traffic stays.
func TestADeploymentByCDKLeavesTheRolloutAlone(t *testing.T) {
	t.Parallel()
	path, before := synthesised(t, "")
	_, after := synthesised(t, "export const handler = async () => ({ message: 'another' });\n")
	lint := execute(t, filepath.Dir(path), peer(t, ".venv-sam", "cfn-lint"), "--ignore-checks", "W3005", "--", path) // CDK names what is implied
	assert.Zero(t, lint.status, lint.out+lint.problem)

	was, is := aliases(before), aliases(after)
	require.Len(t, was, 2)
	assert.NotEqual(t, was["candidate"], is["candidate"])
	assert.Equal(t, was["live"], is["live"])
	live := was["live"]["Properties"].(map[string]any)
	assert.Equal(t, "1", live["FunctionVersion"])
	assert.NotContains(t, live, "RoutingConfig")
	assert.NotContains(t, live, "Description")
	for _, resources := range []map[string]map[string]any{before, after} {
		require.Len(t, resources["AWS::Lambda::Version"], 1)
		for _, version := range resources["AWS::Lambda::Version"] {
			assert.Equal(t, "Retain", version.(map[string]any)["DeletionPolicy"])
		}
	}
	assert.NotEqual(t, before["AWS::Lambda::Version"], after["AWS::Lambda::Version"], "a new version is published")
	assert.Equal(t, before["AWS::Events::Rule"], after["AWS::Events::Rule"])
	assert.Equal(t, before["AWS::Lambda::Permission"], after["AWS::Lambda::Permission"])
}

// The page shows the construct as it is.
func TestThePageShowsTheConstruct(t *testing.T) {
	t.Parallel()
	construct, err := os.ReadFile(cdkExample + "/moved-alias.mjs")
	require.NoError(t, err)
	shown := 0
	for line := range strings.Lines(block(t, "docs/how-to/beside-cloudformation.md", "js")) {
		assert.Contains(t, string(construct), strings.TrimSpace(line))
		shown++
	}
	assert.Greater(t, shown, 3)
}
