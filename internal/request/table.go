package request

// Key is a key of the request's object.
type Key struct {
	Name string
	Form Form
	// Meaning is one clause for people.
	Meaning string
}

// Form is what kind of value a key takes.
type Form uint8

// The forms.
const (
	// Text is a string.
	Text Form = iota
	// Number is a number, or a string that stands for one, as a duration does.
	Number
	// Texts is a list of strings.
	Texts
	// Reason is {"reason": text}.
	Reason
	// JSON is any other value.
	JSON
)

// Keys are all keys of a request, in the order of the contract.
func Keys() []Key {
	return []Key{
		{"action", Text, "what to do: deploy, plan, status, rollback, promote, pause, resume or rehearse"},
		{"function-name", Text, "the function's name or ARN"},
		{"alias", Text, "the alias to shift"},
		{"alias-name", Text, "the same as alias"},
		{"new-version", Text, "a published version, or @ALIAS for the version that alias points at"},
		{"type", Text, "linear, canary, exponential, all-at-once, stages, auto, or a strategy such as Canary10Percent5Minutes"},
		{"steps", Number, "number of steps of linear and exponential"},
		{"interval", Number, "how long each step is held: seconds, or a duration such as 2m30s"},
		{"weight", Number, "first weight of canary and exponential, in percent"},
		{"stages", JSON, `the stages of type stages: [{"weight": 5, "hold": "2m", "approve": true}, …]`},
		{"bake", Number, "how long 100 % is watched before the rollout counts as done"},
		{"health-check", JSON, `true, false or an object such as {"errors": "any"}`},
		{"alarms", Texts, "CloudWatch alarms that veto, by name or ARN"},
		{"hooks", JSON, `{"pre-traffic": FUNCTION, "post-traffic": FUNCTION}`},
		{"poll-interval", Number, "how often health and the alias are looked at"},
		{"on-failure", Text, "rollback, or hold to stay where it is"},
		{"max-duration", Number, "the longest that the rollout may take, way back included"},
		{"message", Text, "why, for events and logs"},
		{"force", Reason, "why a split alias is taken over, or a version known to be bad is deployed again"},
		{"emergency", Reason, "why everything is shifted at once"},
		{"role-arn", Text, "a role of another account to work through"},
		{"external-id", Text, "the id that the role's trust policy asks for"},
		{"hand-off", JSON, "true, false or always: which plans go to the long engine"},
		{"rollout-id", Text, "go on with this rollout only"},
		{"execution", Text, "the ARN of the execution that is asked for"},
		{"days", Number, "how many days of recorded traffic are rehearsed"},
		{"targets", JSON, "a train of functions, aliases and versions"},
	}
}

// keyNames are the names of Keys.
func keyNames() []string {
	var names []string
	for _, key := range Keys() {
		names = append(names, key.Name)
	}
	return names
}
