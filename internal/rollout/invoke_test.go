package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

func TestAfterHook(t *testing.T) {
	pre := RunHook{Stage: PreTraffic, Function: "smoke"}
	tests := map[string]struct {
		answer ProbeAnswer
		why    string
		bad    bool
	}{
		"succeeded":             {answer: ProbeAnswer{Body: []byte(`{"status": "Succeeded", "more": 1}`)}},
		"failed":                {answer: ProbeAnswer{Body: []byte(`{"status": "Failed"}`)}, why: "did not answer status Succeeded", bad: true},
		"another spelling":      {answer: ProbeAnswer{Body: []byte(`{"status": "succeeded"}`)}, why: "did not answer status Succeeded", bad: true},
		"no JSON":               {answer: ProbeAnswer{Body: []byte(`ok`)}, why: "but ok", bad: true},
		"nothing":               {why: "did not answer status Succeeded", bad: true},
		"a key in another case": {answer: ProbeAnswer{Body: []byte(`{"status": "Failed", "STATUS": "Succeeded"}`)}, why: "did not answer status Succeeded", bad: true},
		"a key of another case": {answer: ProbeAnswer{Body: []byte(`{"Status": "Succeeded"}`)}, why: "did not answer status Succeeded", bad: true},
		"a key given twice":     {answer: ProbeAnswer{Body: []byte(`{"status": "Failed", "status": "Succeeded"}`)}, why: "gave an answer that is not taken: the key status is given twice: give it once", bad: true},
		"a status of no text":   {answer: ProbeAnswer{Body: []byte(`{"status": ["Succeeded"]}`)}, why: "did not answer status Succeeded", bad: true},
		"a function error":      {answer: ProbeAnswer{Failure: "Unhandled: boom"}, why: "pre-traffic hook smoke failed: Unhandled: boom", bad: true},
		"no answer in time":     {answer: ProbeAnswer{Cut: true, Took: time.Minute}, why: "had not answered after 1m0s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			token := Token{}.After(pre, Result{Answer: tt.answer})
			assert.Equal(t, tt.why == "", token.PreTraffic)
			assert.False(t, token.PostTraffic)
			if tt.why == "" {
				assert.Nil(t, token.Failure)
				return
			}
			require.NotNil(t, token.Failure)
			assert.Contains(t, token.Failure.Why, tt.why)
			assert.Equal(t, tt.bad, token.Failure.Bad)
		})
	}
	post := Token{}.After(RunHook{Stage: PostTraffic}, Result{Answer: ProbeAnswer{Body: []byte(`{"status": "Succeeded"}`)}})
	assert.True(t, post.PostTraffic)
}

func TestAHookThatCouldNotBeRunIsTriedAgainForThreeMinutes(t *testing.T) {
	s := atStep3()
	s.journal.Weight, s.journal.Step, s.plan.PreTraffic = 0, 0, "smoke"
	now, tries := s.snapshot.Now, 0
	for range 1000 {
		action, token := s.decide()
		s.token = token
		switch a := action.(type) {
		case RunHook:
			tries++
			s.token = token.After(a, Result{Asked: s.snapshot.Now, At: s.snapshot.Now, Err: &CallError{Text: "throttled"}})
			assert.Nil(t, s.token.Failure)
		case Wait:
			require.True(t, a.Until.After(s.snapshot.Now))
			s.snapshot.Now = a.Until
		case Write:
			assert.Equal(t, SendBack, a.Kind)
			assert.Nil(t, ParseDescription(a.Description).Record.Bad, "that is not the version's fault")
			assert.Contains(t, token.Failure.Why, "pre-traffic hook smoke could not be run: throttled")
			assert.InDelta(t, invokeTime, s.snapshot.Now.Sub(now), float64(15*time.Second))
			assert.Greater(t, tries, 10)
			return
		default:
			t.Fatalf("%T", action)
		}
	}
	t.Fatal("it is tried without end")
}

// What Lambda refuses for good, such as an invocation without a tenant id, is told at once: to repeat it changes nothing.
func TestAHookOrAProbeThatIsRefusedIsNotTriedAgain(t *testing.T) {
	refused := Result{Err: &CallError{Kind: Refused, Text: "give a tenant-id"}}
	for weight, steps := range map[Weight]int{0: 0, 30_00: 3} {
		s := atStep3()
		s.journal.Weight, s.journal.Step, s.plan.Probes = weight, steps, []Probe{{Name: "ping", EveryStep: true}}
		action, token := s.decide()
		refused.Asked, refused.At = s.snapshot.Now, s.snapshot.Now
		s.token = token.After(action.(RunProbe), refused)
		w, d := requireWrite(t, first(s.decide()))
		assert.Equal(t, SendBack, w.Kind)
		assert.Empty(t, d.Record.Bad, "that is not the version's fault")
		assert.Contains(t, d.Record.Why, "probe ping could not be run: give a tenant-id")
	}
	s := atStep3()
	s.journal.Weight, s.journal.Step, s.plan.PreTraffic = 0, 0, "smoke"
	action, token := s.decide()
	s.token = token.After(action.(RunHook), refused)
	requireKind(t, first(s.decide()), SendBack)
	for _, kind := range []ErrorKind{Unavailable, NotFound, Denied} {
		again := refused
		again.Err = &CallError{Kind: kind, Text: "no"}
		s.token = token.After(action.(RunHook), again)
		assert.IsType(t, Wait{}, first(s.decide()), "may pass: %d", kind)
	}
}

func TestAHookIsNotWaitedForBeyondTheWayBack(t *testing.T) {
	s := atStep3()
	s.journal.Weight, s.journal.Step, s.plan.PreTraffic = 0, 0, "smoke"
	now := s.snapshot.Now
	hook := first(s.decide()).(RunHook)
	assert.Equal(t, now.Add(14*time.Minute), hook.Until, "Lambda would end it")

	s.deadline.Rollout = now.Add(time.Minute)
	hook = first(s.decide()).(RunHook)
	assert.Equal(t, now.Add(time.Minute-Reserve), hook.Until)

	s.plan.MaxDuration = now.Sub(began) + 30*time.Second
	hook = first(s.decide()).(RunHook)
	assert.Equal(t, now.Add(30*time.Second-Reserve), hook.Until)

	s.token.PreTraffic, s.plan.Probes = true, []Probe{{Name: "ping"}}
	assert.Equal(t, now.Add(30*time.Second-Reserve), first(s.decide()).(RunProbe).Until, "nor is a probe")
	s.plan.MaxDuration, s.deadline.Rollout = 0, time.Time{}
	assert.Equal(t, now.Add(14*time.Minute), first(s.decide()).(RunProbe).Until)
}

func TestAfterProbe(t *testing.T) {
	probe := RunProbe{Probe: Probe{Name: "ping"}}
	token := Token{Probed: 1}.After(probe, Result{Probe: analysis.ProbeResult{Name: "ping", Unmet: "no answer"}})
	require.NotNil(t, token.Failure)
	assert.True(t, token.Failure.Bad)
	assert.Contains(t, token.Failure.Why, "probe ping: no answer")
	assert.Equal(t, 2, Token{Probed: 1}.After(probe, Result{Probe: analysis.ProbeResult{Name: "ping"}}).Probed)

	token = Token{Probed: 1}.After(probe, Result{Err: &CallError{Text: "throttled"}})
	assert.Nil(t, token.Failure)
	assert.Equal(t, 1, token.Probed, "one that could not be made is made again")
}
