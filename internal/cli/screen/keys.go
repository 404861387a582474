package screen

import "github.com/meta-deployer/meta-deployer/internal/request"

// Ask is what a person asks for while a rollout runs: an action of a request, or to leave it.
type Ask string

// Leave leaves the rollout to itself.
const Leave Ask = "leave"

// The questions at Ctrl-C, and what the keys are.
const (
	LeaveQuestion = "leave it where it stands (l), pause it (p), go back (b)? anything else goes on"
	Help          = "keys: p pause  r resume  m promote  b roll back  q leave"
)

// ctrlC is what a terminal sends for it.
const ctrlC = 3

// Keys are the keys below the picture. An action is asked for once it was confirmed.
type Keys struct {
	// Asks says that leaving needs an answer: the rollout is driven from here.
	Asks bool

	pending Ask
}

// Press takes a key. It gives the question to be shown, "" for none, and what is asked for, "" for nothing.
func (k *Keys) Press(key byte) (question string, do Ask) {
	if key >= 'A' && key <= 'Z' {
		key += 'a' - 'A'
	}
	pending := k.pending
	k.pending = ""
	switch {
	case key == ctrlC && (pending == Leave || !k.Asks):
		return "", Leave
	case pending == Leave:
		return "", map[byte]Ask{'l': Leave, 'p': Ask(request.Pause), 'b': Ask(request.Rollback)}[key]
	case key == ctrlC || key == 'q' && k.Asks:
		k.pending = Leave
		return LeaveQuestion, ""
	case pending != "" && key == 'y':
		return "", pending
	case pending != "":
		return "", ""
	case key == 'q':
		return "", Leave
	}
	action, ok := map[byte]request.Action{'p': request.Pause, 'r': request.Resume, 'm': request.Promote, 'b': request.Rollback}[key]
	if !ok {
		return "", ""
	}
	k.pending = Ask(action)
	return confirmation(action), ""
}

// confirmation is what an action does, as a question.
func confirmation(action request.Action) string {
	switch action {
	case request.Pause:
		return "pause the rollout at its weight? y for yes, any other key for no"
	case request.Resume:
		return "let the rollout go on? y for yes, any other key for no"
	case request.Promote:
		return "go to 100 % now, after one passing verdict? y for yes, any other key for no"
	default:
		return "put all traffic back on the old version? y for yes, any other key for no"
	}
}
