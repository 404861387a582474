package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const to = "--function-name checkout --alias live --new-version "

// Every exit code of the contract, from a script: what stands behind a command that failed does not run.
func TestExitCodesInAScript(t *testing.T) {
	t.Parallel()
	const quick = " --steps 2 --interval 60 --every 50ms"
	for name, tt := range map[string]struct {
		before, command string
		code            int
		says            string
	}{
		"live":                 {"", "deploy " + to + "2" + quick, 0, "all traffic of checkout:live is on version 2"},
		"live already":         {"", "deploy " + to + "1" + quick, 0, "no-op"},
		"status":               {"", "status --function-name checkout --alias live", 0, "checkout:live idle, version 1 at 100 %"},
		"nothing to roll back": {"", "rollback --function-name checkout --alias live", 0, "no-op"},
		"a plan":               {"", "plan " + to + "2", 0, "planned"},
		"no such flag":         {"", "deploy --stepz 3", 2, "unknown flag: --stepz"},
		"a file without flag":  {"", "deploy bad.json", 2, `"bad.json" is no flag: give a file that has the request with --request`},
		"no such command":      {"", "deplyo", 2, "unknown command"},
		"a bad request":        {"", "deploy " + to + "2 --steps 0", 2, "steps is 0: give a whole number"},
		"a plan with findings": {"", "plan " + to + "9", 3, "finding: "},
		"findings":             {"", "deploy " + to + "9", 3, "PreflightFailed"},
		"a plan that is long":  {"", "deploy " + to + "2 --interval 1h --hand-off=false", 3, "DoesNotFit"},
		"handed over":          {"", "deploy " + to + "2 --every 50ms --steps 2 --interval 10m", 0, "all traffic of checkout:live is on version 2"},
		"another one on": {
			"meta-deployer deploy " + to + "2 --steps 2 --interval 100h --wait=false --every 50ms >/dev/null || [ $? = 4 ]",
			"deploy " + to + "3" + quick, 4, "RolloutInProgress",
		},
		"not to wait": {"", "deploy " + to + "2 --steps 2 --interval 100h --wait=false --every 50ms", 4, "checkout:live in-progress, version 1 to 2"},
		"sent back":   {"", "deploy " + to + "3" + quick + " --interval 300", 6, "all traffic of checkout:live is back on version 1"},
		"known to be bad": {
			"meta-deployer deploy " + to + "3" + quick + " --interval 300 2>/dev/null || [ $? = 6 ]",
			"deploy " + to + "3" + quick, 5, "KnownBadVersion",
		},
		"held":           {"", "deploy " + to + "3" + quick + " --interval 300 --on-failure hold", 7, "is held where it is"},
		"to be approved": {"", `deploy --every 50ms --wait=false --type stages --interval 0 --stages '[{"weight": 10, "approve": true}]' ` + to + "2", 7, "awaiting-approval"},
		"no deployer":    {"", "status --deployer none --function-name checkout --alias live", 1, "ResourceNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, "60")
			ended := a.script(t, tt.before+"\nmeta-deployer "+tt.command+"\necho reached")
			assert.Equal(t, tt.code, ended.code, "%+v", ended)
			assert.Contains(t, ended.out+ended.err, tt.says)
			assert.Equal(t, tt.code == 0, strings.HasSuffix(ended.out, "reached\n"))
			if tt.code != 0 {
				assert.NotContains(t, ended.out, "reached")
			}
			assert.NotContains(t, ended.out+ended.err, "\x1b", "no colour, no cursor")
		})
	}
}

func TestSupersededInAScript(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "60")
	ended := make(chan result, 1)
	go func() { ended <- a.script(t, "meta-deployer deploy "+to+"2 --steps 2 --interval 100h --every 50ms") }()
	a.changes.shows(t, "with 50 % on version 2")
	a.move(t, "3")
	is := <-ended
	assert.Equal(t, 8, is.code, "%+v", is)
	assert.Contains(t, is.err, "Superseded")
}

// What only a broken account brings forth is played.
func TestFailuresOfTheDeployerInAScript(t *testing.T) {
	t.Parallel()
	for kind, code := range map[string]int{
		"RollbackFailed": 9, "StateUnknown": 9, "Held": 7, "PreflightFailed": 3, "RolledBack": 6, "InvalidRequest": 2, "Sandbox.Timedout": 1,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			reply, err := json.Marshal(map[string]string{"errorType": kind, "errorMessage": "first line\nput it back by hand"})
			require.NoError(t, err)
			server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
				return wiretest.Answer{Body: reply, Header: map[string]string{"X-Amz-Function-Error": "Unhandled"}}
			})
			a := &local{url: server.URL}
			ended := a.script(t, "meta-deployer promote --function-name f --alias live\necho reached")
			assert.Equal(t, result{code: code, err: kind + "\n  first line\n  put it back by hand\n"}, ended)
			ended = a.script(t, "meta-deployer promote --function-name f --alias live -o json")
			assert.Equal(t, code, ended.code)
			assert.JSONEq(t, string(reply), ended.out)
		})
	}
}

// Who has not logged in hears how to, at once and from every command that asks AWS, and nothing else.
func TestNoCredentialsInAScript(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "600")
	for _, command := range []string{"status --function-name checkout --alias live", "wait --function-name checkout --alias live", "deploy " + to + "2", "run " + to + "2"} {
		ended := a.script(t, "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_EC2_METADATA_DISABLED\n"+
			"export AWS_EC2_METADATA_SERVICE_ENDPOINT="+a.url+"/nothing\nmeta-deployer "+command, "COLUMNS=1000")
		assert.Equal(t, 1, ended.code, "%s: %+v", command, ended)
		assert.Empty(t, ended.out, command)
		assert.Regexp(t, `^CallFailed\n +there are no credentials that work: log in, give --profile, or set AWS_ACCESS_KEY_ID .*\n$`, ended.err, command)
	}
}
