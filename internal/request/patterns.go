package request

import (
	"path"
	"slices"
	"strings"
)

// Patterns are patterns of functions' bare names, with * for any text. The nil Patterns are every function, empty ones none.
type Patterns []string

// PatternsOf reads patterns with commas between them, as os.LookupEnv gives them: what is not set is every function.
func PatternsOf(text string, set bool) Patterns {
	if !set {
		return nil
	}
	return append(Patterns{}, strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })...)
}

// allow says whether a function's name matches.
func (p Patterns) allow(name string) bool {
	return p == nil || slices.ContainsFunc(p, func(pattern string) bool {
		matches, err := path.Match(pattern, name)
		return err == nil && matches
	})
}

// String is how a message shows them.
func (p Patterns) String() string {
	if len(p) == 0 {
		return "none"
	}
	return strings.Join(p, ",")
}

// checkAllowed refuses force and emergency for functions that the stack does not accept them for.
func (r *Request) checkAllowed(f fields) {
	for key, allowed := range map[string]struct {
		Patterns
		parameter string
	}{"force": {f.home.Force, "ForceFunctions"}, "emergency": {f.home.Emergency, "EmergencyFunctions"}} {
		if f.has(key) && r.Plan.Function != "" && !allowed.allow(r.Plan.Function) {
			f.refuse(key, "it is accepted here for "+allowed.String()+" only, by the stack's parameter "+allowed.parameter+": leave it out, or have the parameter changed")
		}
	}
}
