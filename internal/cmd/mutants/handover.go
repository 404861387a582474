package main

// handOver are faults of the hand-over to a long engine.
func handOver() []mutant {
	const (
		rules   = "internal/rollout/"
		loop    = "./internal/driver/loop"
		decides = "./internal/rollout"
		starts  = "TestWhoRuns"
		midway  = "TestWhenARunning|TestTheHandOver"
	)
	return []mutant{
		{"hand-over: an approval stays", rules + "handover.go", "h.Always || p.approves(j) ||", "h.Always ||", starts, decides, true, nil},
		{"hand-over: always is not heeded", rules + "handover.go", "(h.Always || p.approves(j) ||", "(p.approves(j) ||", starts, decides, true, nil},
		{"hand-over: what is not to be handed over is", rules + "handover.go", `h.Engine != "" && h.Unfit == "" &&`, `h.Engine != "" &&`, starts, decides, true, nil},
		{"hand-over: before pre-flight", rules + "join.go", "	case d.snapshot.Readiness == nil:\n		return Look{TheAccount}, d.token\n	}\n	return d.prepare", "	case d.driver.HandOff.Takes(d.plan, nil, d.snapshot.Now, d.deadline.Rollout):\n		return d.handOver(\"\")\n	case d.snapshot.Readiness == nil:\n		return Look{TheAccount}, d.token\n	}\n	return d.prepare", starts, decides, true, nil},
		{"hand-over: too early", rules + "handover.go", "handOverTime = time.Minute", "handOverTime = 2 * time.Minute", midway, decides, true, nil},
		{"hand-over: of what fits", rules + "handover_midway.go", "(waits || !d.plan.Fits(", "(waits || true || !d.plan.Fits(", midway, decides, true, nil},
		{"hand-over: beyond its own end", rules + "handover_midway.go", " || !d.end().Equal(end)", "", midway, decides, true, nil},
		{"hand-over: slept through", rules + "wait.go", "d.wayBack(), d.handOverAt()}", "d.wayBack()}", midway, decides, false, nil},
		{"hand-over: a failure is handed over", rules + "decide.go", "	switch {\n	case d.token.Failure != nil:\n		return d.fail()\n	case d.live.Held:", "	if action := d.handMidway(); action != nil {\n		return action, d.token\n	}\n	switch {\n	case d.token.Failure != nil:\n		return d.fail()\n	case d.live.Held:", midway, decides, true, nil},
		{"hand-over: another state, the same name", rules + "handover.go", "string(input), a.Revision}", "string(input)}", "TestTheName", decides, false, nil},
		{"hand-over: a taken name is taken for a failure", rules + "handover.go", "r.Err.Kind == Exists && h.Number < mostNames", "r.Err.Kind == Exists && h.Number < 1", "TestANameThatIsTaken", loop, false, nil},
		{"hand-over: what has ended is believed", rules + "handover.go", "case e.Err == nil && !e.Running && e.Started.Before", "case e.Err != nil && !e.Running && e.Started.Before", "TestANameThatIsTaken", loop, false, nil},
		{"hand-over: a start unheard called untouched", rules + "handover.go", "h.Unsure = h.Unsure || r.Err.Kind == Unavailable", "h.Unsure = h.Unsure && r.Err.Kind == Unavailable", "TestAStartThatGoesWrong", loop, false, nil},
		{"hand-over: an unread execution is believed", rules + "handover.go", "case late && h.Running:", "case late:", "TestAStartThatGoesWrong", loop, false, nil},
		{"hand-over: waits for the claim without end", rules + "handover.go", "claimTime = 15 * time.Second", "claimTime = 15 * time.Minute", "TestAStartThatGoesWrong", loop, false, nil},
		{"hand-over: the engine may begin another rollout", "internal/turn/handover.go", "request.HandedOver(w.Raw, a.NewVersion, a.Rollout)", `request.HandedOver(w.Raw, a.NewVersion, "")`, "TestARunningRollout", loop, false, nil},
		{"hand-over: never on the way", rules + "handover_midway.go", "case h == nil && d.leaving() &&", "case h == nil && d.leaving() && d.live.Held &&", "TestE1AHandOverOn", loop, true, nil},
		{"hand-over: of a version that was not asked for", "internal/rollout/handover.go", "NewVersion: d.plan.NewVersion, Rollout: h.Rollout", "NewVersion: d.snapshot.Alias.Routing.Primary, Rollout: h.Rollout", "TestE1AHandOver", loop, true, nil},
		{"hand-over: a living engine is taken over", rules + "living.go", `case l.Execution == "" || !l.Same:`, `case l.Execution == "" || l.Same:`, "TestALivingEngine", loop, false, nil},
		{"hand-over: any request is the same", "internal/turn/handover.go", "Same: request.Same(e.Input, w.Raw)", "Same: true", "TestALivingEngine", loop, false, nil},
		{"hand-over: an end is told as running", "internal/inspect/execution.go", "case target.ExecutionSucceeded:\n		var a", "case \"\":\n		var a", "TestStatusOf", loop, false, nil},
		{"hand-over: the status of another's execution", "internal/inspect/execution.go", "return e.Owns(arn) })", "return e.Kind == \"workflow\" })", "TestAnExecutionThatIs", loop, false, nil},
	}
}
