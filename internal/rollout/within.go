package rollout

import "encoding/json"

// Within is the token as JSON of at most so many bytes, for drivers that have little room to carry it in. What does not fit is
// left out: the texts that are for people, and where that is not enough everything. Then it is nil, a token that was lost.
func (t Token) Within(most int) []byte {
	for _, shorter := range []func(*Token){
		func(*Token) {},
		func(t *Token) { t.Inconclusive = cut(t.Inconclusive, shortWhy) },
		func(t *Token) {
			if t.Failing != nil {
				failing := *t.Failing
				failing.Error.Text, t.Failing = cut(failing.Error.Text, shortWhy), &failing
			}
		},
		func(t *Token) {
			if t.Failure != nil {
				failure := *t.Failure
				failure.Why, t.Failure = cut(failure.Why, shortWhy), &failure
			}
		},
	} {
		shorter(&t)
		if raw, err := json.Marshal(t); err == nil && len(raw) <= most {
			return raw
		}
	}
	return nil
}

// shortWhy is how long the texts of a token are, in characters, where there is little room.
const shortWhy = 60
