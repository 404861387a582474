package rollout

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
	return Write{Kind: kind, Routing: j.Routing(), Description: text, Revision: d.snapshot.Alias.Revision, Rollout: j.ID, Why: why}, d.token
}

// restore takes the journal off the alias. Where the owner's text, grown meanwhile, leaves no room for the line of a
// rollback, the way back goes without it.
func (d decision) restore(kind WriteKind, r Routing, record *RollbackRecord, why string) (Action, Token) {
	description := Description{Owner: d.description.Owner, Record: record}
	text, ok := description.Encode()
	if !ok {
		text = description.Owner
	}
	return Write{Kind: kind, Routing: r, Description: text, Revision: d.snapshot.Alias.Revision, Rollout: d.live.ID, Why: why}, d.token
}

// noRoom is a journal that does not fit behind the owner's text. Nothing is begun, a pause or the like is refused; a rollout
// that runs stays where it is until there is room or its time is up.
func (d decision) noRoom(kind WriteKind) (Action, Token) {
	why := "the alias's description leaves no room for the journal: shorten it to 120 characters"
	if !kind.forward() && kind != Hold {
		return d.finish(PreflightFailed, why)
	}
	d.token.Doubt = why
	return d.waitFor(d.plan.Poll)
}
