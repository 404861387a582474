package rollout

import "testing"

func TestARolloutIDBeginsNothing(t *testing.T) {
	tests := map[string]struct {
		change  func(*stage)
		outcome Outcome
	}{
		"it was sent back": {func(s *stage) {
			s.snapshot.Alias = Alias{Routing: Routing{Primary: "7"}, Description: encoded(t, Description{Record: &RollbackRecord{ID: s.plan.Only, Old: "7", New: "8", Why: "errors"}})}
		}, RolledBack},
		"it was finished": {func(s *stage) { s.snapshot.Alias = Alias{Routing: Routing{Primary: "8"}} }, NoOp},
		"it was taken off": {func(s *stage) {
			s.snapshot.Alias = Alias{Routing: Routing{Primary: "7"}, Description: "mine"}
		}, Superseded},
		"another one was sent back": {func(s *stage) {
			s.snapshot.Alias = Alias{Routing: Routing{Primary: "7"}, Description: encoded(t, Description{Record: &RollbackRecord{ID: "20261121-164454123-0000", Old: "7", New: "8", Why: "errors"}})}
		}, Superseded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.plan.Only, s.token = s.journal.ID, Token{}
			tt.change(&s)
			action, _ := Decide(s.plan, s.snapshot, s.driver, s.deadline, s.token)
			requireFinish(t, action, tt.outcome)
		})
	}
	s := atStep3()
	s.plan.Only, s.token, s.driver.ID = s.journal.ID, Token{}, "newer"
	requireKind(t, first(s.decide()), TakeOver)
	s.plan.Only = "20261121-164454123-0000"
	requireFinish(t, first(s.decide()), Superseded)
}

// encoded is a description as text.
func encoded(t *testing.T, d Description) string {
	t.Helper()
	text, ok := d.Encode()
	if !ok {
		t.Fatal("no room")
	}
	return text
}
