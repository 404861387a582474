package answer

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failureTypes are the names of the failures' Go types, which are their names on the wire.
func failureTypes(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "failure.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
			names = append(names, spec.Name.Name)
		}
		return true
	})
	slices.Sort(names)
	return names
}

// Every name that the state machine looks for is a failure's, and every failure is looked for: none is tried again, each ends in
// a state of its name, and those that touch nothing in Refused.
func TestTheStateMachineKnowsEveryFailure(t *testing.T) {
	raw, err := os.ReadFile("../../statemachine/rollout.asl.json")
	require.NoError(t, err)
	var machine struct {
		States map[string]struct {
			Type         string
			Retry, Catch []struct {
				ErrorEquals []string
				MaxAttempts *int
				Next        string
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &machine))
	untouched := []string{"InvalidRequest", "PreflightFailed", "RolloutInProgress", "KnownBadVersion", "DoesNotFit"}
	turn, caught, last := machine.States["Turn"], []string{}, ""
	for _, c := range turn.Catch {
		for _, name := range c.ErrorEquals {
			state := name
			switch {
			case slices.Contains(untouched, name):
				state = "Refused"
			case name == "States.ALL":
				state = "DriverFailed"
			}
			assert.Equal(t, state, c.Next, name)
			assert.Equal(t, "Fail", machine.States[c.Next].Type, c.Next)
			if last = name; name != "States.ALL" {
				caught = append(caught, name)
			}
		}
	}
	assert.Equal(t, "States.ALL", last, "what is left")
	slices.Sort(caught)
	assert.Equal(t, failureTypes(t), caught)

	require.NotEmpty(t, turn.Retry)
	final := turn.Retry[0]
	slices.Sort(final.ErrorEquals)
	assert.Equal(t, caught, final.ErrorEquals)
	require.NotNil(t, final.MaxAttempts)
	assert.Zero(t, *final.MaxAttempts, "how a rollout ends is not tried again")
	for _, r := range turn.Retry[1:] {
		for _, name := range r.ErrorEquals {
			assert.True(t, strings.HasPrefix(name, "Lambda.") || strings.HasPrefix(name, "States."), name)
		}
	}
}
