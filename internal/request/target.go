package request

import (
	"encoding/json"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
)

// The forms of a function's name, aws-sdk model of lambda: the name, account:function:name, or a full ARN, each with an
// optional qualifier; and of other resources that are named by their ARN.
var (
	functionPattern = lazyregexp.New(`^(?:(?:arn:aws[a-zA-Z-]*:lambda:)?([a-z]{2,5}(?:-[a-z]+)+-\d+):(\d{12}):function:|(\d{12}):(?:function:)?)?([a-zA-Z0-9_-]{1,64})(?::(\$LATEST|[a-zA-Z0-9_-]{1,128}))?$`)
	rolePattern     = lazyregexp.New(`^arn:aws[a-zA-Z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}$`)
	alarmPattern    = lazyregexp.New(`^arn:aws[a-zA-Z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)$`)
)

// What to give for a function, and for an alias.
const (
	functionFix = "give a function's name or ARN"
	aliasFix    = "give an alias's name: letters, digits, - and _, not digits alone"
)

// functionName is what a function is called by.
type functionName struct{ region, account, name, qualifier string }

// parseFunctionName reads any form of a function's name; false for what is none.
func parseFunctionName(text string) (functionName, bool) {
	m := functionPattern.FindStringSubmatch(text)
	if m == nil {
		return functionName{}, false
	}
	return functionName{region: m[1], account: m[2] + m[3], name: m[4], qualifier: m[5]}, true
}

// isAlias follows Lambda's rule for alias names: not all digits.
func isAlias(s string) bool { return only(word+"-", 128, s) && !only(digits, 128, s) }

// parseTarget reads which alias of which function, through which role, and what else of the account takes part.
func (r *Request) parseTarget(f fields) {
	r.parseRole(f)
	_, function := f.function("function-name", functionFix+", without a version or alias behind it", false)
	r.Plan.Function = function.name
	r.parseAlias(f)
	if r.Execution == "" {
		requireTarget(f)
	}
	r.Plan.Alarms = parseAlarms(f)
	hooks := f.object("hooks", `give {"pre-traffic": "a function's name", "post-traffic": "another one's"}`, "pre-traffic", "post-traffic")
	r.Plan.PreTraffic, _ = hooks.function("pre-traffic", functionFix, true)
	r.Plan.PostTraffic, _ = hooks.function("post-traffic", functionFix, true)
}

// parseRole reads through which role to work. The account of the role is where everything is looked for then.
func (r *Request) parseRole(f fields) {
	r.RoleARN = f.text("role-arn", "give a role's ARN, such as arn:aws:iam::123456789012:role/deployer", rolePattern.MatchString)
	if r.RoleARN != "" {
		f.home.Account = rolePattern.FindStringSubmatch(r.RoleARN)[1]
	}
	if !f.has("external-id") {
		return
	}
	const most = 1224
	raw := f.values["external-id"]
	if json.Unmarshal(raw, &r.ExternalID) != nil || len(r.ExternalID) < 2 || !only(word+"+=,.@:/-", most, r.ExternalID) {
		f.problems.say("external-id has %d bytes, which are not shown: give a text of 2 to %d letters, digits and +=,.@:/-", len(raw), most)
	}
	if !f.has("role-arn") {
		f.warn("external-id has no meaning without role-arn")
	}
}

// parseAlias reads the alias by either of its keys.
func (r *Request) parseAlias(f fields) {
	alias, aliasName := f.text("alias", aliasFix, isAlias), f.text("alias-name", aliasFix, isAlias)
	if alias != "" && aliasName != "" && alias != aliasName {
		f.refuse("alias-name", fmt.Sprintf("alias says %q, keep one of the two", alias))
	}
	if r.Plan.Alias = alias; alias == "" {
		r.Plan.Alias = aliasName
	}
}

// requireTarget wants function and alias.
func requireTarget(f fields) {
	if !f.has("function-name") {
		f.missing("function-name", functionFix)
	}
	if !f.has("alias") && !f.has("alias-name") {
		f.missing("alias", aliasFix)
	}
}

// function reads a function's name or ARN, of the region and account that the request works in: as it is written, and taken
// apart. Both are empty where the key is absent or refused.
func (f fields) function(key, fix string, qualified bool) (string, functionName) {
	text := f.text(key, fix, func(s string) bool {
		n, ok := parseFunctionName(s)
		return ok && (qualified || n.qualifier == "")
	})
	n, _ := parseFunctionName(text)
	if n.region != "" && f.home.Region != "" && n.region != f.home.Region {
		f.refuse(key, "this deployer works in "+f.home.Region+", call the one of that region")
	}
	if n.account != "" && f.home.Account != "" && n.account != f.home.Account {
		f.refuse(key, "this request works in account "+f.home.Account+", give the role-arn of a role in that account")
	}
	return text, n
}

// maxAlarms is how many alarms a request may name.
const maxAlarms = 100

// parseAlarms reads alarm names, each once, from names and ARNs.
func parseAlarms(f fields) []string {
	const fix = "give an alarm's name, at most 255 characters, or its ARN"
	var names []string
	seen := map[string]bool{}
	for i, item := range f.list("alarms", maxAlarms) {
		path := f.element("alarms", i)
		var name string
		if json.Unmarshal(item, &name) != nil {
			name = ""
		}
		if m := alarmPattern.FindStringSubmatch(name); m != nil {
			if f.home.Region != "" && m[1] != f.home.Region || f.home.Account != "" && m[2] != f.home.Account {
				f.refuseValue(path, item, "only alarms of the function's own region and account can be read")
			}
			name = m[3]
		}
		if !within(255, name) {
			f.refuseValue(path, item, fix)
		}
		if !seen[name] {
			seen[name], names = true, append(names, name)
		}
	}
	return names
}
