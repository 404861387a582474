package rollout

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Token is what a driver carries from turn to turn, as JSON of at most 4 KB. It may be lost or old at any time: then hooks
// and probes may run again, and nothing else changes, but for what nobody can know without it (docs/contract.md, section 8).
// The zero Token is a driver's first turn. Only Decide and the methods here write it.
type Token struct {
	// Format is tokenFormat; one of another is not understood, see ParseToken.
	Format int `json:"format,omitempty"`
	// Began is when the driver took its first turn; zero where a call that is not the first has lost its token.
	Began time.Time `json:"began,omitzero"`
	// NewVersion is what Plan.Candidate pointed at; "" where that was not asked yet, or is not to be asked.
	NewVersion string `json:"new-version,omitempty"`
	// Rollout is the id of the rollout that this driver runs; "" until it has claimed one.
	Rollout string `json:"rollout,omitempty"`
	// Alias is the alias as it was last seen, or left by the driver's own write, as this rollout's; nil before.
	Alias *Alias `json:"alias,omitempty"`
	// Seen is when that was.
	Seen time.Time `json:"seen,omitzero"`
	// Written is when the driver's own write of Alias was answered; zero where Alias was read since.
	Written time.Time `json:"written,omitzero"`
	// Replaced are digests of the last revisions that the driver's own writes have replaced, and ReplacedAt when the last of
	// them was: a read that shows one of them is older than the write.
	Replaced   []string  `json:"replaced,omitempty"`
	ReplacedAt time.Time `json:"replaced-at,omitzero"`
	// Last is the kind of the driver's last write that was, or may have been, made; "" for none.
	Last WriteKind `json:"last,omitempty"`
	// Tried is a write whose answer is not known, and after which the alias was not read; nil for none.
	Tried *Attempt `json:"tried,omitempty"`
	// PreTraffic and PostTraffic say that the hook has passed.
	PreTraffic  bool `json:"pre-traffic,omitempty"`
	PostTraffic bool `json:"post-traffic,omitempty"`
	// Probed is how many of the probes that are made at ProbedAt the new version has stood.
	Probed   int    `json:"probed,omitempty"`
	ProbedAt Weight `json:"probed-at,omitempty"`
	// Failure is why the rollout goes back, or is held; nil while it goes forward. The first one stays.
	Failure *Failure `json:"failure,omitempty"`
	// Switched says that the driver's dead man's switch was set, or may have been.
	Switched bool `json:"switched,omitempty"`
	// Moving is since when Lambda has been seen moving provisioned concurrency; zero while it is not. A bake begins when
	// that is over.
	Moving time.Time `json:"moving,omitzero"`
	// Late is by how much the present step's write took effect after the time that it carries; its hold counts from there.
	Late time.Duration `json:"late,omitempty"`
	// Inconclusive is why the latest verdict was; "" where it was not.
	Inconclusive string `json:"inconclusive,omitempty"`
	// Unverified says that the last forward step was allowed without data.
	Unverified bool `json:"unverified,omitempty"`
	// Failing is the call to the account that keeps failing; nil for none.
	Failing *FailedCall `json:"failing,omitempty"`
	// Told is what was told of the rollout last, see Tell; nil where nothing was.
	Told *Told `json:"told,omitempty"`
	// Panics counts the turns in a row that panicked.
	Panics int `json:"panics,omitempty"`
	// Looks counts the calls of a long driver, and FailedCalls those in a row of any driver whose last turn failed: see
	// AfterCall.
	Looks       int `json:"looks,omitempty"`
	FailedCalls int `json:"failed-calls,omitempty"`
	// Handing is how far the hand-over to a long engine has come; nil before.
	Handing *Handing `json:"handing,omitempty"`
}

// Failure is why a rollout goes back, or is held.
type Failure struct {
	// Why is one line of at most maxWhy characters.
	Why string `json:"why"`
	// Bad says that the version itself is to blame, and is remembered.
	Bad bool `json:"bad,omitempty"`
	// Plain says that Lambda has refused the way back with the line that tells of it: it is made without.
	Plain bool `json:"plain,omitempty"`
}

// Attempt is a write whose answer is not known.
type Attempt struct {
	Kind WriteKind `json:"kind"`
	// Until is when the call was given up, and Took how long it had taken until then.
	Until time.Time     `json:"until"`
	Took  time.Duration `json:"took,omitempty"`
}

// FailedCall is a call that keeps failing.
type FailedCall struct {
	// Call names the call, as AWS does.
	Call string `json:"call"`
	// Since is when it failed first, Last when it failed last, and Count how often in a row.
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"`
	Count int       `json:"count"`
	Error CallError `json:"error"`
}

const (
	tokenFormat = 1
	// maxToken is how large a token may be that is read, in bytes.
	maxToken = 16 << 10
	// maxWhy is how long the texts are that a token carries, in characters, and maxWhyJSON in bytes of JSON.
	maxWhy     = 300
	maxWhyJSON = 750
	// fresh is how long after its own write a driver takes UpdateAlias's answer for the alias: nothing can be measured yet.
	fresh = time.Second
	// staleReads is for how long after its own write a driver reads again what shows the state before it.
	staleReads = 10 * time.Second
	// maxPanics is how many turns in a row may panic.
	maxPanics = 3
	// glance is for how long something that is said not to be there, or not to be allowed, is looked at again.
	glance = 6 * time.Second
)

// ParseToken reads a token. It is false for what is none, or one of another format: then the driver goes on as with a lost
// one.
func ParseToken(raw []byte) (Token, bool) {
	var t Token
	if len(raw) > maxToken || json.Unmarshal(raw, &t) != nil || t.Format != tokenFormat || t.Probed < 0 || t.Panics < 0 || t.Late < 0 || t.Looks < 0 || t.FailedCalls < 0 {
		return Token{}, false
	}
	return t, true
}

// Journal is the rollout's as it was last seen; nil where it never was, or where the driver's own last write took it off.
func (t Token) Journal() *Journal {
	if t.Alias == nil {
		return nil
	}
	return ParseDescription(t.Alias.Description).Journal
}

// justWritten says that the alias is known from the driver's own write, and too fresh to be worth a look.
func (t Token) justWritten(now time.Time) bool {
	return t.Alias != nil && !t.Written.IsZero() && !now.Before(t.Written) && now.Sub(t.Written) < fresh
}

// JustWritten is the alias as the driver's own write has left it a moment before now; false where that is not known.
func (t Token) JustWritten(now time.Time) (Alias, bool) {
	if !t.justWritten(now) {
		return Alias{}, false
	}
	return *t.Alias, true
}

// Stale says that an alias, as it was read, is older than the driver's own last write.
func (t Token) Stale(a Alias, now time.Time) bool {
	return slices.Contains(t.Replaced, digest(a.Revision)) && now.Sub(t.ReplacedAt) < staleReads
}

// Result is what became of an action.
type Result struct {
	// Asked is when the call was made, and At when its answer or its failure was there.
	Asked, At time.Time
	// Alias is UpdateAlias's own answer: the alias as it is after a Write.
	Alias Alias
	// Answer is what a hook answered.
	Answer ProbeAnswer
	// Probe is what a probe has shown.
	Probe analysis.ProbeResult
	// Name is that of the execution to be started, and Execution the ARN that it has, or would have; "" where nobody can tell.
	Name, Execution string
	// Err is why there is no answer; nil where there is one.
	Err *CallError
}

// After takes what became of an action. It is the only way in for what a write, a hook or a probe brought.
func (t Token) After(a Action, r Result) Token {
	t.Panics = 0
	switch a := a.(type) {
	case Write:
		return t.afterWrite(a, r)
	case RunHook:
		return t.afterHook(a, r)
	case RunProbe:
		return t.afterProbe(a, r)
	case HandOver:
		return t.afterHandOver(r)
	}
	return t
}

// afterWrite takes UpdateAlias's answer for the alias. What became of a write without an answer the next read tells.
func (t Token) afterWrite(w Write, r Result) Token {
	if r.Err != nil {
		return t.afterFailedWrite(w, r)
	}
	t.Replaced = append(t.Replaced, digest(w.Revision))
	t.Replaced = t.Replaced[max(0, len(t.Replaced)-3):]
	t.Alias, t.Seen, t.Written, t.ReplacedAt = &r.Alias, r.At, r.At, r.At
	t.Rollout, t.Last, t.Tried, t.Failing, t.Late = w.Rollout, w.Kind, nil, nil, 0
	if w.Kind == ShiftStep || w.Kind == Bake {
		t.Late, t.Moving = late(r.At.Sub(r.Asked)), time.Time{}
	}
	return t
}

// late is how much of the time of a write is made up for: a write that is as good as at once needs nothing.
func late(took time.Duration) time.Duration {
	if took <= time.Second {
		return 0
	}
	return took.Truncate(time.Millisecond)
}

// afterFailedWrite takes a write that was refused, or of which nobody knows whether it was made. Where Lambda refuses a way
// back, the line that tells of it is left out; where it refuses the way forward, the rollout goes back.
func (t Token) afterFailedWrite(w Write, r Result) Token {
	t.Written = time.Time{}
	t = t.callFailed("UpdateAlias", *r.Err, r.At)
	kind, f := r.Err.Kind, t.Failure
	switch {
	case w.Kind == SendBack && f != nil && !f.Plain && kind == Refused:
		t.Failure, t.Failing = &Failure{Why: f.Why, Bad: f.Bad, Plain: true}, nil
	case !w.Kind.forward() || f != nil:
	case kind == Refused, kind.momentary() && r.At.Sub(t.Failing.Since) >= glance:
		t.fail("going on was refused: "+r.Err.Text, false)
	}
	if kind == Unavailable || kind == Moved {
		t.Tried, t.Last = &Attempt{Kind: w.Kind, Until: r.At, Took: r.At.Sub(r.Asked)}, w.Kind
	}
	return t
}

// callFailed notes a call that failed. What may pass by itself counts from when it was said first, whatever failed before.
func (t Token) callFailed(call string, err CallError, at time.Time) Token {
	next := FailedCall{Call: call, Since: at}
	if old := t.Failing; old != nil && old.Call == call {
		next = *old
		if err.Kind.momentary() && !old.Error.Kind.momentary() && call != invokedHook && call != invokedProbe {
			next.Since = at
		}
	}
	err.Text = brief(err.Text)
	next.Last, next.Error = at, err
	next.Count++
	t.Failing = &next
	return t
}

// callSucceeded forgets what went wrong with a call that has succeeded.
func (t Token) callSucceeded(call string) Token {
	if t.Failing != nil && t.Failing.Call == call {
		t.Failing = nil
	}
	return t
}

// Next is when the next turn is worth taking, at now or later: at once or, where a call keeps failing, after a pause that
// grows; soon enough to read what a write without an answer has made.
func (t Token) Next(now time.Time, dl Deadline) time.Time {
	next := now
	if t.Failing != nil {
		if paused := t.Failing.Last.Add(t.Failing.pause(t.Failure != nil || t.Last == Complete)); paused.After(now) {
			next = paused
		}
	}
	if last := dl.Process.Add(-lastRead + 1); t.Tried != nil && !dl.Process.IsZero() && last.After(now) && next.After(last) {
		next = last
	}
	return next
}

// pause is how long to wait after a failed call: not at all where the alias was changed and only has to be read again, and
// shorter while a way back is pending.
func (c FailedCall) pause(pressing bool) time.Duration {
	const first, most, pressed = 200 * time.Millisecond, 5 * time.Second, time.Second
	pause := min(first<<max(0, min(c.Count-1, 5)), most)
	switch {
	case c.Call == invokedHook || c.Call == invokedProbe:
		return min(time.Second<<max(0, min(c.Count-1, 4)), 10*time.Second)
	case c.Call == "UpdateAlias" && c.Count == 1 && c.Error.Kind == Moved:
		return 0
	case pressing:
		return min(pause, pressed)
	}
	return pause
}

// fail notes why the rollout goes back, or is held.
func (t *Token) fail(why string, bad bool) {
	t.Failure, t.Inconclusive = &Failure{Why: brief(why), Bad: bad}, ""
}
