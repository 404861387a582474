package rollout

import "time"

// finish ends the driver's work.
func (d decision) finish(outcome Outcome, reason string) (Action, Token) {
	return Finish{Outcome: outcome, Reason: reason}, d.token
}

// write puts a journal and the routing it stands for on the alias.
func (d decision) write(kind WriteKind, j Journal, why string) (Action, Token) {
	text, ok := Description{Owner: d.description.Owner, Journal: &j}.Encode()
	if !ok {
		return d.noRoom(kind)
	}
	return d.act(Write{Kind: kind, Routing: j.Routing(), Description: text, Rollout: j.ID, Why: why})
}

// restore takes the journal off the alias. Where the owner's text, grown meanwhile, leaves no room for the line of a
// rollback, the way back goes without it.
func (d decision) restore(kind WriteKind, r Routing, record *RollbackRecord, why string) (Action, Token) {
	description := Description{Owner: d.description.Owner, Record: record}
	text, ok := description.Encode()
	if !ok {
		text = description.Owner
	}
	return d.act(Write{Kind: kind, Routing: r, Description: text, Rollout: d.live.ID, Why: why})
}

// lastRead is how much of a call's time is kept to read once more what the last write has made.
const lastRead = time.Second

// act writes on the condition that nobody has touched the alias. What would be written in the last moment is not: nobody could
// see what became of it.
func (d decision) act(w Write) (Action, Token) {
	if end := d.deadline.Process; !end.IsZero() && end.Sub(d.snapshot.Now) < lastRead {
		return Wait{Until: end}, d.token
	}
	w.Revision = d.snapshot.Alias.Revision
	return w, d.token
}

// noRoom is a journal that does not fit behind the owner's text. Nothing is begun, a pause or the like is refused; a rollout
// that runs stays where it is until there is room or its time is up.
func (d decision) noRoom(kind WriteKind) (Action, Token) {
	why := "the alias's description leaves no room for the journal: shorten it to 120 characters"
	if !kind.forward() && kind != Hold {
		return d.finish(PreflightFailed, why)
	}
	d.token.Inconclusive = why
	return d.waitFor(d.pace())
}
