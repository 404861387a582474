package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// alias is an alias with its traffic.
type alias struct {
	target.Alias
	name    string
	deleted bool
	traffic
	provisioned *provisioned
}

// Write is a change of an alias.
type Write struct {
	At time.Duration
	// By is the request id of the invocation that wrote, or the name of somebody else.
	By             string
	Function, Name string
	// Alias is what the alias is after it.
	target.Alias
	Deleted bool
}

// Lambda is who writes when Lambda itself does.
const Lambda = "lambda"

// Writes are all changes of aliases so far, by everybody. The first of an alias created it.
func (w *World) Writes() []Write { return slices.Clone(w.writes) }

// CreateAlias adds an alias. The versions it names must be published.
func (w *World) CreateAlias(name, aliasName string, to target.Alias) error {
	return w.createAlias("", name, aliasName, to)
}

func (w *World) createAlias(by, name, aliasName string, to target.Alias) error {
	f, err := w.function(name)
	if err != nil {
		return err
	}
	if a := f.aliases[aliasName]; a != nil && !a.deleted {
		return refused("ResourceConflictException", "Alias already exists: "+arn(name)+":"+aliasName)
	}
	if err := f.accepts(to); err != nil {
		return err
	}
	f.aliases[aliasName] = &alias{name: aliasName, traffic: traffic{served: w.elapsed}}
	w.record(by, f, f.aliases[aliasName], to)
	return nil
}

// Alias is an alias as it is now.
func (w *World) Alias(name, aliasName string) (target.Alias, error) {
	_, a, err := w.find(name, aliasName)
	if err != nil {
		return target.Alias{}, err
	}
	return a.Alias, nil
}

// read is an alias as GetAlias shows it: without the writes that are younger than StaleReads, but for the one that created
// it.
func (w *World) read(name, aliasName string) (target.Alias, error) {
	if w.StaleReads == 0 {
		return w.Alias(name, aliasName)
	}
	shown := Write{Deleted: true}
	for _, write := range w.writes {
		if write.Function == name && write.Name == aliasName && (shown.Deleted || write.At+w.StaleReads <= w.elapsed) {
			shown = write
		}
	}
	if shown.Deleted {
		return w.Alias(name, aliasName)
	}
	return shown.Alias, nil
}

// ChangeAlias has somebody change an alias, whatever its revision. It fails where Lambda would refuse the change.
func (w *World) ChangeAlias(by, name, aliasName string, change func(*target.Alias)) error {
	f, a, err := w.find(name, aliasName)
	if err != nil {
		return err
	}
	to := a.Alias
	change(&to)
	if err := f.accepts(to); err != nil {
		return err
	}
	w.record(by, f, a, to)
	return nil
}

// DeleteAlias has somebody delete an alias.
func (w *World) DeleteAlias(by, name, aliasName string) error {
	f, a, err := w.find(name, aliasName)
	if err != nil {
		return err
	}
	w.serve(f, a)
	a.deleted = true
	w.changed(Write{At: w.elapsed, By: by, Function: name, Name: aliasName, Alias: a.Alias, Deleted: true})
	return nil
}

// updateAlias is a write on the condition of the revision. It returns the alias as it is after it.
func (w *World) updateAlias(by, name, aliasName string, to target.Alias) (target.Alias, error) {
	f, a, err := w.find(name, aliasName)
	if err != nil {
		return target.Alias{}, notFound("Alias not found: " + arn(name) + ":" + aliasName)
	}
	if err := f.accepts(to); err != nil {
		return target.Alias{}, err
	}
	if to.Revision != a.Revision {
		return target.Alias{}, &Error{"PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id", target.ErrMoved}
	}
	w.record(by, f, a, to)
	return a.Alias, nil
}

// record makes a write, and what Lambda makes of it.
func (w *World) record(by string, f *function, a *alias, to target.Alias) {
	w.serve(f, a)
	before := a.Routing
	a.Routing, a.Description, a.Revision = to.Routing, to.Description, w.nextRevision()
	w.changed(Write{At: w.elapsed, By: by, Function: f.name, Name: a.name, Alias: a.Alias})
	w.moveConcurrency(f, a, before)
}

func (w *World) changed(write Write) {
	w.writes = append(w.writes, write)
	if w.OnWrite != nil {
		w.OnWrite(write)
	}
}

func (w *World) nextRevision() string {
	w.revisions++
	return "revision-" + strconv.Itoa(w.revisions)
}

func (w *World) find(name, aliasName string) (*function, *alias, error) {
	f := w.functions[name]
	if f == nil || f.aliases[aliasName] == nil || f.aliases[aliasName].deleted {
		return nil, nil, notFound("Cannot find alias arn: " + arn(name) + ":" + aliasName)
	}
	return f, f.aliases[aliasName], nil
}

// accepts are Lambda's rules for an alias, as recorded from it (docs/fidelity.md says by whom).
func (f *function) accepts(to target.Alias) error {
	r, primary := to.Routing, f.versions[to.Routing.Primary]
	switch _, published := f.versions[r.Primary]; {
	case len(utf16.Encode([]rune(to.Description))) > 256:
		return refused("ValidationException", "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 256")
	case r.Secondary == "" && r.Weight != 0, r.Weight < 0, r.Weight > rollout.Full:
		return refused("ValidationException", fmt.Sprintf("1 validation error detected: Value '{%s=%g}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint", r.Secondary, r.Weight.Share()))
	case strings.Trim(r.Secondary, "0123456789") != "":
		return refused("ValidationException", "1 validation error detected: map keys must satisfy regular expression pattern: [0-9]+")
	case strings.HasPrefix(r.Primary, "$LATEST") && r.Split():
		return refused("InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version")
	case r.Primary == "$LATEST":
		return nil
	case !published:
		return notFound("Function not found: " + arn(f.name) + ":" + r.Primary)
	case !r.Split():
		return nil
	case r.Secondary == r.Primary:
		return refused("InvalidParameterValueException", fmt.Sprintf("Invalid function version %s. Function version %[1]s is already included in routing configuration.", r.Primary))
	}
	secondary, published := f.versions[r.Secondary]
	switch {
	case !published:
		return notFound("Function not found: " + arn(f.name) + ":" + r.Secondary)
	case primary.Role != secondary.Role:
		return refused("InvalidParameterValueException", "Specified versions must be associated with the same execution role")
	case primary.DeadLetter != secondary.DeadLetter:
		return refused("InvalidParameterValueException", "Specified versions must have the same dead-letter configuration")
	}
	return nil
}

// Served are the calls that an alias has sent to a version until now, and how many of them failed, whether CloudWatch
// shows them or not.
func (w *World) Served(name, aliasName, version string) analysis.Counts {
	f := w.functions[name]
	if f == nil || f.aliases[aliasName] == nil {
		return analysis.Counts{}
	}
	a := f.aliases[aliasName]
	w.serve(f, a)
	return a.stream(version).total
}
