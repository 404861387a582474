package sim

import (
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// function is a Lambda function: what is published of it, and the aliases on that.
type function struct {
	name     string
	versions map[string]Version
	aliases  map[string]*alias
	// asleep are the versions that Lambda has put to sleep, by their number.
	asleep map[string]*sleeper
	// changes is how often the unpublished code has changed, and code which of these a version is of, and since when it is there.
	changes int
	code    map[string]code
	// incident is the share of calls that fail whichever version runs.
	incident Curve
}

// code is what a version was published of.
type code struct {
	change    int
	published time.Duration
}

// Version is a published version, and how it does.
type Version struct {
	// Version is what Lambda says of it once it is ready. State "" is Active, UpdateStatus "" is Successful.
	target.Version
	// ReadyAt is when it becomes Active, and optimized where it has SnapStart; until then it is Pending.
	ReadyAt time.Duration
	// WakesIn is how long Lambda takes to wake it, where its State is Inactive, from the first call on.
	WakesIn time.Duration
	// Isolated says that every invocation has to name a tenant.
	Isolated bool
	// Errors is the share of its calls that fail.
	Errors Curve
	// Takes is how long its calls take: CloudWatch shows them that much later.
	Takes time.Duration
	// Milliseconds is what CloudWatch says of how long its calls take: half of them more than that. None is 100.
	Milliseconds Curve
}

func (v Version) medianAt(t time.Duration) float64 {
	if len(v.Milliseconds) == 0 {
		return usualMS
	}
	return v.Milliseconds.at(t)
}

// Publish adds a version of a function, and the function with its first one.
func (w *World) Publish(name, number string, v Version) {
	if w.functions[name] == nil {
		w.functions[name] = &function{name: name, versions: map[string]Version{}, aliases: map[string]*alias{}, asleep: map[string]*sleeper{}, code: map[string]code{}}
	}
	w.settle(name)
	w.functions[name].changes++
	w.functions[name].code[number] = code{w.functions[name].changes, w.elapsed}
	w.functions[name].versions[number] = v
	delete(w.functions[name].asleep, number)
}

// SetIncident has a share of a function's calls fail, whichever version runs. The function must exist.
func (w *World) SetIncident(name string, share Curve) {
	w.settle(name)
	w.functions[name].incident = share
}

// settle counts what a function's aliases have served until now, before something about it changes.
func (w *World) settle(name string) {
	for _, a := range w.functions[name].aliases {
		w.serve(w.functions[name], a)
	}
}

// version is a version as Lambda states it now; "" is the unpublished one, which every function has.
func (w *World) version(name, number string) (target.Version, error) {
	f, err := w.function(name)
	if err != nil {
		return target.Version{}, err
	}
	v, ok := f.versions[number]
	if !ok && number != "" {
		return target.Version{}, notFound("Function not found: " + arn(name) + ":" + number)
	}
	stated := v.Version
	if stated.State == "" {
		stated.State = "Active"
	}
	if s := f.sleeperOf(number); s != nil {
		w.settle(name)
		stated.State, _ = s.at(w.elapsed)
		stated.Reason = map[string]string{"Inactive": "Idle", "Pending": "Restoring"}[stated.State]
	}
	if stated.UpdateStatus == "" {
		stated.UpdateStatus = "Successful"
	}
	if stated.Optimized = stated.SnapStart; v.ReadyAt > w.elapsed {
		stated.State, stated.Reason, stated.Optimized = "Pending", "Creating: The function is being created.", false
	}
	return stated, nil
}

func arn(name string) string {
	home := Home()
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", home.Region, home.Account, name)
}
