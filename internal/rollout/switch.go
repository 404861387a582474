package rollout

// setSwitch asks for the driver's dead man's switch, without which it does not claim; nil where it is set, or where the driver
// has none.
func (d *decision) setSwitch() (Action, Token) {
	const call = "CreateSchedule"
	switch set := d.snapshot.Switch; {
	case !d.driver.Switched:
	case set == nil:
		d.token.Switched = true
		return Look{TheSwitch}, d.token
	case set.Err != nil:
		return d.retry(call, *set.Err, "the dead man's switch cannot be set, without which a dead driver leaves the alias split (the stack's parameter DeadMansSwitch: off does without): ")
	default:
		d.token = d.token.callSucceeded(call)
	}
	return nil, d.token
}

// ReleasesSwitch says that a driver which ends so deletes its dead man's switch. One that could not bring its rollout to an end
// leaves it, so that recover tries again; one that has none, or never came so far, has nothing to delete.
func (f Finish) ReleasesSwitch(t Token, d Driver) bool {
	return (t.Switched || d.Continues) && f.Outcome != RollbackFailed && f.Outcome != StateUnknown
}
