//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
)

// standInSAM deploys as the example's stack would: candidate is moved to a version that is good, or that fails where the
// template says BROKEN. It keeps what it was called with.
const standInSAM = `#!/bin/sh
echo "$PWD: $*" >> "$CALLS"
test -f template.yaml || test "$1" = delete || exit 1
test "$1" = deploy && test "$(basename "$PWD")" = app || exit 0
version=1
grep -q 'Good morning, ' hello/main.go && version=2
grep -q 'BROKEN: "true"' template.yaml && version=3
exec aws lambda update-alias --function-name checkout --name candidate --function-version $version > /dev/null
`

// standInAWS answers what the simulated account does not know, and has the CLI do everything else. AWS has no stack there, nor
// logs.
const standInAWS = `#!/bin/sh
case "$1 $2" in
"cloudformation describe-stacks") echo checkout ;;
"logs describe-log-groups") echo "/aws/lambda/my-app-one /aws/lambda/my-app-two" ;;
"logs delete-log-group") echo "$PWD: aws $*" >> "$CALLS" ;;
*) exec %s "$@" ;;
esac
`

// The tutorial's blocks, one after the other in one terminal, do what it says: in the account of make local, where checkout
// stands for the application's function.
func TestTheTutorial(t *testing.T) {
	t.Parallel()
	const page = "docs/tutorial.md"
	r := newReader(t, runtimetest.Build(t, "./internal/cmd/local"), "30", clis(t)["version 2"])
	r.write("template.yaml", "the deployer's\n")
	r.write("bin/sam", standInSAM)
	r.write("bin/git", "#!/bin/sh\necho \"$PWD: git $*\" >> \"$CALLS\"\n")
	r.write("bin/aws", fmt.Sprintf(standInAWS, clis(t)["version 2"]))
	calls := filepath.Join(r.directory, "calls")
	session := "set -euo pipefail\n"
	for i, f := range fences(t, page) {
		if f.isShell() {
			require.True(t, f.needsAWS(), "%s:%d", page, f.line)
			session += fmt.Sprintf("echo @@%d\n%s", i, f.text)
		}
	}
	ended := r.run(session+"echo; echo @@end\n", "CALLS="+calls)
	require.Zero(t, ended.status, ended.out+ended.problem)
	shown := 0
	for i, f := range fences(t, page) {
		if f.language == "text" {
			_, after, found := strings.Cut(ended.out, fmt.Sprintf("@@%d\n", i-1))
			require.True(t, found)
			after, _, _ = strings.Cut(after, "@@")
			assert.Regexp(t, showing(f.text), after, "%s:%d", page, f.line)
			shown++
		}
	}
	assert.Equal(t, 3, shown)

	raw, err := os.ReadFile(calls)
	require.NoError(t, err)
	app := filepath.Join(r.directory, "examples/app")
	said := strings.ReplaceAll(strings.ReplaceAll(string(raw), app+": ", "app: "), r.directory+": ", "")
	assert.Equal(t, `build
deploy --parameter-overrides file://examples/app/parameters.yaml
app: build
app: deploy
app: build
app: deploy
app: build
app: deploy
app: git checkout hello/main.go template.yaml
app: delete --stack-name my-app --no-prompts
delete --stack-name meta-deployer --no-prompts
aws logs delete-log-group --log-group-name /aws/lambda/my-app-one
aws logs delete-log-group --log-group-name /aws/lambda/my-app-two
`, said)
	for _, name := range []string{"request.json", "answer.json", "said.json", "calls.txt", "traffic"} {
		assert.NoFileExists(t, filepath.Join(app, name), "nothing is left")
	}
	samTakes(t, said)
}

// samTakes checks that SAM's own command line has the options that it is called with.
func samTakes(t *testing.T, calls string) {
	t.Helper()
	for line := range strings.Lines(calls) {
		words := strings.Fields(strings.TrimPrefix(line, "app: "))
		if words[0] == "aws" || words[0] == "git" || len(words) == 1 {
			continue
		}
		help := execute(t, t.TempDir(), "/usr/bin/env", "SAM_CLI_TELEMETRY=0", "HOME="+t.TempDir(), peer(t, ".venv-sam", "sam"), words[0], "--help")
		require.Zero(t, help.status, help.problem)
		for _, word := range words[1:] {
			if strings.HasPrefix(word, "--") {
				assert.Contains(t, help.out, word, line)
			}
		}
	}
}
