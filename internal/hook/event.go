package hook

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

// Target is what a hook looks at: a function's new version, and the alias that is moved to it.
type Target struct {
	// Function is a name or an ARN without a qualifier.
	Function string
	Alias    string
	// OldVersion is where the alias came from; "" where that is not known.
	OldVersion string
	NewVersion string
	// Since is when the rollout or deployment began; zero where that is not known.
	Since time.Time
	// Alone is when the alias began to stand at the new version alone; zero where that is not known.
	Alone time.Time
}

// functionPattern is compiled when it is first used, not at every cold start.
var functionPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:)?\d{12}:function:)?([a-zA-Z0-9_-]{1,64})$`)
})

const (
	digits = "0123456789"
	word   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + digits
)

// only says whether a text has characters, all of them of an alphabet.
func only(alphabet, s string) bool { return s != "" && strings.Trim(s, alphabet) == "" }

// validate refuses a target that cannot be one, by the names that its fields have where it comes from.
func (t Target) validate(function, alias, oldVersion, newVersion string) error {
	const version = `%s is %q: give a published version's number as text, such as "2"`
	switch {
	case !functionPattern().MatchString(t.Function):
		return fmt.Errorf("%s is %q: give a function's name or ARN, without a qualifier", function, short(t.Function))
	case !only(word+"-", t.Alias) || len(t.Alias) > 128:
		return fmt.Errorf("%s is %q: give an alias's name", alias, short(t.Alias))
	case !published(t.NewVersion):
		return fmt.Errorf(version, newVersion, short(t.NewVersion))
	case t.OldVersion != "" && !published(t.OldVersion):
		return fmt.Errorf(version, oldVersion, short(t.OldVersion))
	}
	return nil
}

// published says whether a version has the number of a published one.
func published(version string) bool { return only(digits, version) && len(version) <= 20 }

// bare is the function's name alone, as metrics and the patterns of probes know it. It needs a valid target.
func (t Target) bare() string { return functionPattern().FindStringSubmatch(t.Function)[1] }

// qualified is the new version by its number, as calls name it.
func (t Target) qualified() string { return t.Function + ":" + t.NewVersion }

// String is the target for people: "version 2 of function f".
func (t Target) String() string {
	return fmt.Sprintf("version %s of function %s", t.NewVersion, t.bare())
}

// event is one of the two kinds: CodeDeploy's, with both ids, or else our own.
type event struct {
	own rollout.HookEvent
	// deployment and execution are CodeDeploy's ids; "" in our own event.
	deployment, execution string
	// refused is why nothing can be checked; nil where it can.
	refused error
}

const (
	ownKey        = "lifecycle-event"
	deploymentKey = "DeploymentId"
	executionKey  = "LifecycleEventHookExecutionId"
)

// parseEvent tells the two kinds apart, by exact keys, each given once. Keys that neither has are ignored,
// for events may grow. It fails with UnknownEvent for what is of neither kind, and with NotReported for CodeDeploy's
// without the ids to report by.
func parseEvent(payload []byte) (event, error) {
	keys, err := strictjson.Object(payload)
	twice, isTwice := errors.AsType[strictjson.DuplicateKeyError](err)
	if err != nil && !isTwice {
		return event{}, UnknownEvent{"the event is not a JSON object: send a rollout's event or CodeDeploy's"}
	}
	_, own := keys[ownKey]
	_, deployment := keys[deploymentKey]
	_, execution := keys[executionKey]
	if !own && !deployment && !execution {
		return event{}, UnknownEvent{fmt.Sprintf("the event has neither %s, as a rollout's, nor %s, as CodeDeploy's: send one of these", ownKey, deploymentKey)}
	}
	var e event
	if twice.Path == deploymentKey || twice.Path == executionKey {
		return event{}, NotReported{fmt.Sprintf("no status can be reported, because of the event %v: CodeDeploy sends it once; "+
			"a deployment that waits for a status is ended by: %s", twice, e.stop())}
	}
	if deployment || execution {
		if err := e.readIDs(keys); err != nil {
			return event{}, err
		}
	}
	switch {
	case isTwice:
		e.refused = fmt.Errorf("%w: give it once", twice)
	case own && e.deployment != "":
		e.refused = fmt.Errorf("it has both %s and %s: send a rollout's event or CodeDeploy's", ownKey, deploymentKey)
	case own:
		e.refused = e.readOwn(keys)
	}
	return e, nil
}

// readIDs reads what CodeDeploy sends.
func (e *event) readIDs(keys map[string]json.RawMessage) error {
	badDeployment := json.Unmarshal(keys[deploymentKey], &e.deployment) != nil || e.deployment == ""
	badExecution := json.Unmarshal(keys[executionKey], &e.execution) != nil || e.execution == ""
	if !badDeployment && !badExecution {
		return nil
	}
	key := executionKey
	if badDeployment {
		key, e.deployment = deploymentKey, ""
	}
	return NotReported{fmt.Sprintf("no status can be reported, because the event's %s is %s: CodeDeploy sends %s and %s, both texts; "+
		"a deployment that waits for a status is ended by: %s", key, shown(keys[key]), deploymentKey, executionKey, e.stop())}
}

// stop is the command that ends the deployment. It is there to be pasted: an id that is none of CodeDeploy's stays out.
func (e *event) stop() string {
	id, isOne := strings.CutPrefix(e.deployment, "d-")
	if !isOne || !only(word, id) || len(id) > 64 {
		return "aws deploy stop-deployment --deployment-id ID"
	}
	return "aws deploy stop-deployment --deployment-id " + e.deployment
}

// name is the deployment for people.
func (e *event) name() string { return printable.Text(e.deployment, 100) }

// readOwn reads a rollout's event.
func (e *event) readOwn(keys map[string]json.RawMessage) error {
	for _, field := range []struct {
		key  string
		text *string
	}{
		{ownKey, (*string)(&e.own.Stage)},
		{"rollout-id", &e.own.RolloutID},
		{"function-name", &e.own.Function},
		{"alias", &e.own.Alias},
		{"old-version", &e.own.OldVersion},
		{"new-version", &e.own.NewVersion},
	} {
		if raw, given := keys[field.key]; given && json.Unmarshal(raw, field.text) != nil {
			return fmt.Errorf("%s is %s: give a text", field.key, shown(raw))
		}
	}
	if raw, given := keys["started-at"]; given && json.Unmarshal(raw, &e.own.StartedAt) != nil {
		return fmt.Errorf("started-at is %s: give a time such as 2026-01-05T09:00:00Z", shown(raw))
	}
	return nil
}

// ownTarget is the target of a rollout's event, at the stage that the hook is for.
func ownTarget(e rollout.HookEvent, stage rollout.HookStage) (Target, error) {
	t := Target{Function: e.Function, Alias: e.Alias, OldVersion: e.OldVersion, NewVersion: e.NewVersion, Since: e.StartedAt}
	switch {
	case e.Stage != stage:
		return t, fmt.Errorf("%s is %q: this is the %s hook", ownKey, short(string(e.Stage)), stage)
	case stage == rollout.PostTraffic && t.Since.IsZero():
		return t, errors.New("started-at is missing: give the time that the rollout began at, such as 2026-01-05T09:00:00Z")
	}
	return t, t.validate("function-name", "alias", "old-version", "new-version")
}

// short is a value of others, for a message.
func short(text string) string { return printable.Text(text, 200) }

// shown is a value as it came, for a message.
func shown(raw json.RawMessage) string {
	if raw == nil {
		return "missing"
	}
	return short(string(raw))
}
