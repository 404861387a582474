package rollout

import (
	"testing"
	"time"
)

// A start may take several calls: the version is being prepared, the account answers errors. Whoever knows that nothing was
// begun yet may begin, for as long as a start can take.
func TestADriverThatIsNotTheFirstMayBeginWhatWaitedToBegin(t *testing.T) {
	s := atStart()
	s.snapshot.Readiness = &Readiness{Pending: "version 8 is Pending"}
	_, waiting := s.turn()
	s.driver.Continues, s.token, s.snapshot.Readiness = true, waiting, ready
	s.snapshot.Now = began.Add(time.Minute)
	requireKind(t, first(s.turn()), Begin)

	s.snapshot.Now = began.Add(PrepareTime + 2*startTime)
	requireFinish(t, first(s.turn()), Superseded)

	s.snapshot.Now, s.token = began.Add(time.Minute), Token{}
	s.snapshot.Unread = &CallError{Text: "get-alias: throttled"}
	_, s.token = s.turn()
	s.snapshot.Unread = nil
	requireFinish(t, first(s.turn()), Superseded)
}

// The line of a way back on the alias is an earlier rollout's, where the driver knows that it has begun nothing.
func TestADriverThatWaitedToBeginTakesNoOtherEndForItsOwn(t *testing.T) {
	s := atStart()
	s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{
		ID: journal().ID, Driver: "earlier", Old: "7", New: "8", Why: "action rollback",
	}})
	s.snapshot.Readiness = &Readiness{Pending: "version 8 is Pending"}
	_, s.token = s.turn()
	s.driver.Continues, s.snapshot.Readiness = true, ready
	s.snapshot.Now = began.Add(time.Minute)
	requireKind(t, first(s.turn()), Begin)

	s.snapshot.Now = began.Add(PrepareTime + 2*startTime)
	requireFinish(t, first(s.turn()), RolledBack)
}
