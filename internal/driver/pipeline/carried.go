package pipeline

import (
	"encoding/json"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

const (
	// maxToken is how many characters a continuation token may have: API_PutJobSuccessResult. Bytes are counted, which are
	// never fewer.
	maxToken = 2048
	// lifetime is how long the driver runs from its first call on: an Invoke action has 24 hours, and the last quarter of an
	// hour is for CodePipeline to call once more.
	lifetime = 24*time.Hour - 15*time.Minute
)

// carried is what a call hands to the next one, as CodePipeline's continuation token.
type carried struct {
	// Driver is the id of the first job.
	Driver string `json:"driver"`
	// Began is when the first call began.
	Began time.Time `json:"began"`
	// Token is the rollout's; nil where it does not fit.
	Token json.RawMessage `json:"token,omitempty"`
}

// carriedBy is what a job carries, and the rollout's token in it. Where the job carries nothing that can be read, the driver
// begins with this job, and the token is one that was lost.
func carriedBy(j Job, now time.Time) (c carried, t rollout.Token) {
	if json.Unmarshal([]byte(j.Token), &c) != nil || c.Driver == "" || c.Began.IsZero() || c.Began.After(now) {
		return carried{Driver: j.ID, Began: now.UTC().Truncate(time.Millisecond)}, t
	}
	t, _ = rollout.ParseToken(c.Token)
	return c, t
}

// with is the continuation token that carries a rollout's token, with so much of that left out that it fits.
func (c carried) with(t rollout.Token) string {
	c.Token = nil
	room := maxToken - len(c.encode()) - len(`,"token":`)
	c.Token = t.Within(room)
	return c.encode()
}

func (c carried) encode() string {
	raw, err := json.Marshal(c)
	if err != nil { // there is nothing in it that JSON has no form for
		panic(err)
	}
	return string(raw)
}
