package request

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// The bounds of what is said of a request, in characters but for the first.
const (
	// mostTexts is how many problems are listed.
	mostTexts = 50
	// mostListed is how long all of them may be: an answer's message has 4,000, with what stands before them.
	mostListed = 3900
	// mostText is how long one may be, mostShown how much of a value it shows, and mostKey how much of a key or its path.
	mostText, mostShown, mostKey = 350, 80, 100
)

// ProblemsError is everything that is wrong with a request: at most 50 problems, and how many more there are.
type ProblemsError struct {
	Problems []string
	// Action and Target are what the request names; the function or the alias is "" where it names none that can be.
	Action Action
	Target rollout.Target
}

// Error lists the problems, each on its line.
func (e *ProblemsError) Error() string { return strings.Join(e.Problems, "\n") }

// Changes says that the action was to change something, and what of.
func (e *ProblemsError) Changes() bool {
	return e.Target.Function != "" && e.Target.Alias != "" && e.Action.Changes()
}

// texts collects what there is to say, in printable characters and within bounds.
type texts struct {
	kept []string
	// size is how many characters are kept, and more how many texts are not.
	size, more int
}

// full says that there is no room for another text, and counts it.
func (t *texts) full() bool {
	if t.more > 0 || len(t.kept) == mostTexts {
		t.more++
	}
	return t.more > 0
}

// say keeps a text if there is room for it.
func (t *texts) say(format string, values ...any) {
	if t.full() {
		return
	}
	text := printable.Text(fmt.Sprintf(format, values...), mostText)
	size := utf8.RuneCountInString(text) + 1
	if t.size+size > mostListed {
		t.more++
		return
	}
	t.kept, t.size = append(t.kept, text), t.size+size
}

// list is what was kept, and how much more there was.
func (t *texts) list() []string {
	if t.more == 0 {
		return t.kept
	}
	return append(t.kept, fmt.Sprintf("and %d more", t.more))
}

// reading is one request on its way in: for where it is read, and what there is to say of it.
type reading struct {
	home               Home
	problems, warnings texts
}

// refuseValue reports a field by its path, the value seen and the fix.
func (r *reading) refuseValue(path string, seen json.RawMessage, fix string) {
	r.problems.say("%s is %s: %s", path, show(seen), fix)
}

// show writes a value for a message, shortened. What is inside an object or a list, also one that is written as a text, is not
// shown: it may be a payload.
func show(value json.RawMessage) string {
	text := string(value)
	quote := ""
	if strings.HasPrefix(text, `"`) {
		quote = `"`
	}
	switch inner := strings.TrimLeft(text, `" `); {
	case text == "{}" || text == "[]":
		return text
	case strings.HasPrefix(inner, "{"):
		return quote + "{…}" + quote
	case strings.HasPrefix(inner, "["):
		return quote + "[…]" + quote
	}
	return printable.Text(printable.Escape(text), mostShown)
}

// showKey writes a key that somebody made up.
func showKey(key string) string {
	if shown := printable.Text(printable.Escape(key), mostKey); shown != "" {
		return shown
	}
	return `""`
}
