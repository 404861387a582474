package main

// mutant is a fault to plant, and the test that has to notice it.
type mutant struct {
	name string
	// In file the text old, which stands there once, becomes another; and so do those of also, in pairs.
	file, old, becomes string
	// test is a regular expression of tests of the package in; random says that they draw their worlds.
	test, in string
	random   bool
	also     []string
}

// mutants are faults of every kind that the properties of the design are there for.
func mutants() []mutant {
	const (
		rules = "internal/rollout/"
		judge = "internal/analysis/"
		loop  = "./internal/driver/loop"
		look  = "./internal/health"
		pipe  = "./internal/driver/pipeline"
		dead  = "./internal/driver/recover"
	)
	return append(append(append(handOver(), engines()...), terminal()...), []mutant{
		{"a false RolledBack", rules + "endings.go", `return d.finish(Superseded, fmt.Sprintf("somebody else`, `return d.finish(RolledBack, fmt.Sprintf("somebody else`, "TestS6", loop, true, nil},
		{"a false succeeded", rules + "endings.go", `return d.finish(Superseded, fmt.Sprintf("somebody else`, `return d.finish(Succeeded, fmt.Sprintf("somebody else`, "TestS6", loop, true, nil},
		{"a RollbackFailed called RolledBack", rules + "endings.go", `return Finish{Outcome: RollbackFailed, Reason: fmt.Sprintf("%s; then`, `return Finish{Outcome: RolledBack, Reason: fmt.Sprintf("%s; then`, "TestS6|TestL3", loop, true, nil},
		{"a pause ignored", rules + "wait.go", "return j.Paused || j.Approval == Wanted", "return j.Approval == Wanted", "TestS10", loop, true, nil},
		{"an approval ignored", rules + "wait.go", "return j.Paused || j.Approval == Wanted", "return j.Paused", "TestE1EveryDriver|TestS10", loop, true, nil},
		{"a hold cut short", rules + "wait.go", "Add(d.token.Late) }", "Add(d.token.Late - 2*time.Second) }", "TestL1", loop, true, nil},
		{"probes of every step not made", rules + "probe.go", "if probe.EveryStep {", "if probe.EveryStep && w == Full+1 {", "TestS1", loop, true, nil},
		{"a rollback that hits the next rollout", rules + "control.go", `ours := j != nil && (d.token.Rollout == "" || j.ID == d.token.Rollout); {`, `ours := j != nil; {`, "TestS8", loop, true, nil},
		{"forward without a verdict", rules + "decide.go", "return a.Verdict == analysis.Inconclusive && a.NoData && (", "return a.Verdict == analysis.Inconclusive && (", "TestS1", loop, true, nil},
		{"a step skipped", rules + "plan.go", "		return i + 1\n", "		return min(i+2, len(p.Steps))\n", "TestS2", loop, true, nil},
		{"a fail not followed", rules + "decide.go", "	case a.Verdict == analysis.Fail:", "	case a.Verdict == analysis.Fail && d.live.Weight == Full:", "TestS3", loop, true, nil},
		{
			"a write without its fence", "internal/turn/perform.go", "Revision: a.Revision}",
			"Revision: func() string { x, _ := w.Account.Aliases.Alias(ctx, w.request.Plan.Function, w.request.Plan.Alias); return x.Revision }()}", "TestS4", loop, true, nil,
		},
		{"findings ignored", rules + "join.go", "case len(ready.Findings) > 0:\n", "case len(ready.Findings) > 9:\n", "TestS5", loop, true, nil},
		{"a failed read is no data", "internal/health/health.go", "a = analysis.Unread(err)", "a.NoData = true", "TestS7", loop, true, nil},
		{"a relieved driver goes on", rules + "decide.go", "case d.live.Driver != d.driver.ID:", "case d.live.Driver == \"\":", "TestS8", loop, true, nil},
		{"a claim that may be written called untouched", rules + "endings.go", "case t.Tried != nil:", "case t.Tried != nil && j != nil:", "TestS9", loop, true, nil},
		{"nothing seen is waited for without end", rules + "wait.go", "latestSight = 3 * time.Minute", "latestSight = 30 * time.Minute", "TestL1", loop, true, nil},
		{"a host's clock that is behind not believed", rules + "journal.go", "const clockSkew = time.Minute", "const clockSkew = 10 * time.Second", "TestARolloutIsTakenOverByAHost", loop, false, nil},
		{"a look right after each write", rules + "token.go", "now.Sub(t.Written) < fresh", "now.Sub(t.Written) < 0", "TestTheCallsOfTenSteps", loop, false, nil},
		{"its own ending not found", rules + "join.go", "(record.Driver == d.driver.ID || d.mayHaveBegun())", "(record.Driver == \"\" || d.mayHaveBegun())", "TestL2AKilled|TestE1EveryDriver", loop, true, nil},
		{"a schedule by the traffic since the start", "internal/turn/look.go", "start = j.Start", "_ = j.Start", "TestEveryDriverChooses", loop, true, nil},
		{"a schedule that hangs on how often somebody looks", rules + "auto.go", "granularity + autoPoll }", "granularity + max(p.Poll, 0*autoPoll) }", "TestE1EveryDriver", loop, true, nil},
		{"another driver's end taken for its own", rules + "join.go", "|| d.mayHaveBegun()) && record", "|| d.driver.Continues) && record", "TestADriverThatWaited", "./" + rules, false, nil},
		{"the end of a call taken for the end of the rollout", "internal/driver/step/step.go", "e.Turn(ctx, r, d, dl, t)", "e.Turn(ctx, r, d, rollout.Deadline{Process: dl.Process, Rollout: dl.Process}, t)", "TestE1EveryDriver", loop, true, nil},
		{"a judge too quick to blame", judge + "sequential.go", "case m.peak >= -math.Log(m.alpha):", "case m.peak >= -math.Log(20*m.alpha):", "TestFalseRollbacks", "./" + judge, false, nil},
		{"a judge that sees no regression", judge + "sequential.go", "case m.peak >= -math.Log(m.alpha):", "case m.peak >= -10*math.Log(m.alpha):", "TestRegressionsAreCaught", "./" + judge, false, nil},
		{"a reserve of one call", rules + "wait.go", "const Reserve = 8 * time.Second", "const Reserve = 1500 * time.Millisecond", "TestOneBadCall", loop, false, nil},
		{"what AWS answered last forgotten", "internal/cloud/call.go", "cut && last != nil", "cut && last != nil && in == nil", "TestACallThatIsCut", "./internal/cloud", false, nil},
		{"a role taken without the external id", "internal/cloud/account/account.go", "o.ExternalID = &externalID", "_ = o.ExternalID", "TestOf$", "./internal/cloud/account", false, nil},
		{"a hook's key given twice not told", rules + "invoke.go", "DuplicateKeyError](err); ok", "DuplicateKeyError](err); ok && answer.Cut", "TestAfterHook", "./internal/rollout", false, nil},
		{"a judge's key given twice not told", judge + "external.go", "DuplicateKeyError](err); ok", "DuplicateKeyError](err); ok && len(answer) == 0", "TestJudgement", "./" + judge, false, nil},
		{"what is untold is passed over", rules + "told.go", "		return t, nil\n	}\n	return t.Tell(s)\n", "		return t, nil\n	}\n	return t, nil\n", "TestADriverThatDiesTwice", "./internal/rollout", false, nil},
		{"weights that nobody can explain are overwritten", rules + "concurrency.go", "return c != nil && c.Err != nil &&", "return c != nil && c.Err == nil &&", "TestWeightsThatNobody", "./internal/rollout", false, nil},
		{"the way back has no time to ask whose weights they are", "internal/turn/look.go", "if q == rollout.TheConcurrency {", "if q == rollout.TheConcurrency && w.deadline.Process.IsZero() {", "TestTheDeadlineCountsWhile", loop, false, nil},
		{"a large answer: the newest go first", "internal/answer/bound.go", "cmp.Compare(y.step, x.step)", "cmp.Compare(x.step, y.step)", "TestWhichChecks", "./internal/answer", false, nil},
		{"a large answer: a little too large", "internal/answer/bound.go", "const maxAnswer = 200_000", "const maxAnswer = 270_000", "TestNoAnswerIsLarger", "./internal/answer", false, nil},
		{"an alarm's periods not told", "internal/endpoint/cloudwatch.go", "minutes > 0 {", "minutes > 900 {", "TestTheEdges", "./internal/endpoint", false, nil},
		{"panics not counted", rules + "cadence.go", "t.Panics++", "t.Panics += 0", "TestTheThirdPanic", loop, false, nil},
		{"patience by turns", rules + "invoke.go", "t.Last.Sub(t.Since) >= invokeTime-10*time.Second", "t.Count > 3", "TestEachProbe|TestAProbeThat", loop, false, nil},
		{"a plan fits without what it takes beside its holds", rules + "plan.go", "p.remaining(j, now)+p.overhead(j)", "p.remaining(j, now)", "TestAPlanFits", "./" + rules, false, nil},
		{"settled minutes never refreshed", look + "/health.go", "if !known.settledUntil.Equal(latest.Since) {", "if known.settledUntil.IsZero() {", "TestWhatLiesHoursBack", look, false, nil},
		{"a pending version waited for without end", rules + "join.go", `case ready.Pending != "" && d.late(PrepareTime):`, `case ready.Pending != "" && d.late(999*PrepareTime):`, "TestAVersionThatIsPrepared", "./" + rules, false, nil},
		{"a hold that keeps the pause", rules + "decide.go", "j.Held, j.Paused, j.Approval = true, false, NotNeeded", "j.Held, j.Approval = true, NotNeeded", "TestRule5", "./" + rules, false, nil},
		{"an emergency that ends its bake without a verdict", rules + "decide.go", "case d.plan.Emergency && d.live.Weight < Full:", "case d.plan.Emergency:", "TestAnEmergency", "./" + rules, false, nil},
		{"a confirmed claim not joined", rules + "claim.go", "if j.Driver == d.driver.ID {", `if j.Driver == "" {`, "TestRule2", "./" + rules, false, nil},
		{"the judge is not told the share", look + "/health.go", "Reading{Share: j.Weight.Share(), Before", "Reading{Before", "TestTheJudgeKnows", look, false, nil},
		{"the judge is not told the share before", look + "/health.go", ", Before: p.Before(j.Weight).Share()", "", "TestTheJudgeKnows", look, false, nil},
		{"the judge is not told when the weight was shifted", look + "/health.go", ", Shifted: j.Since}", "}", "TestTheJudgeKnows", look, false, nil},
		{"what pre-flight has read taken for another minute", look + "/memory.go", "m.beforeOf == of && m.beforeSince.Equal(since)", "m.beforeOf == of", "TestWhatPreflight", look, false, nil},
		{"what was read of one account taken for another's", look + "/traffic.go", "place{role: r.Account.Role, Target: t}", "place{Target: t}", "TestTheMemoryKeeps", look, false, nil},
		{"no time left to answer in", loop + "/deployer.go", "end = deadline.Add(-answerMargin)", "end = deadline.Add(0 * -answerMargin)", "TestTimeIsLeft", loop, false, nil},
		{"a write in the last moment of a call", rules + "write.go", "end.Sub(d.snapshot.Now) < lastRead", "end.Sub(d.snapshot.Now) < 0", "TestNothingIsWritten", "./" + rules, false, nil},
		{"a replay that ends with its plan", "internal/rehearsal/replay.go", "overtime = 10 * time.Minute", "overtime = 0 * time.Minute", "TestWhatIsWaited", "./internal/rehearsal", false, nil},
		{"a replay that waits for ever", "internal/rehearsal/replay.go", "overtime = 10 * time.Minute", "overtime = 1000 * time.Minute", "TestWhatIsWaited", "./internal/rehearsal", false, nil},
		{"most calls fail, and it succeeds", judge + "fix.go", "return mostly(h, now)", "return \"\", false", "TestAVersionThatFailsMost", "./internal/rollout", false, nil},
		{"most calls fail, as they always did, and it waits", judge + "fix.go", "max(most, more*h.Usual, more*now.Old.rate())", "most", "TestCompare", "./internal/analysis", false, nil},
		{"a refused hook is repeated", rules + "invoke.go", "(t.Error.Kind == Refused || t.Last", "(t.Last", "TestAHookOrAProbeThatIsRefused", "./internal/rollout", false, nil},
		{"a hook waited for beyond the way back", rules + "invoke.go", "!back.IsZero() && back.Before(until)", "!back.IsZero() && false", "TestAHookIsNotWaited", "./" + rules, false, nil},
		{"versions known to be bad forgotten", rules + "claim.go", "slices.Clone(d.description.Bad())", "[]string(nil)", "TestVersionsKnown", "./" + rules, false, nil},
		{"no haste on the way back", rules + "token.go", "t.Failing.pause(t.Failure != nil || t.Last == Complete)", "t.Failing.pause(false)", "TestAPassingRollout", "./" + rules, false, nil},
		{"the next turn after the way back", "internal/turn/perform.go", "back.After(now) && back.Before(next)", "back.After(now) && false", "TestTheNextTurn", "./internal/turn", false, nil},
		{"pipeline: the driver is this job, not the first", pipe + "/call.go", "rollout.DriverToken(c.Driver), Engine: rollout.EnginePipeline, Continues", "rollout.DriverToken(j.ID), Engine: rollout.EnginePipeline, Continues", "TestE1APipeline", loop, true, nil},
		{"pipeline: an unreadable token begins a rollout", pipe + "/call.go", "Continues: j.Continues}", "Continues: false}", "TestEvents", pipe, false, nil},
		{"pipeline: an old token knows the endings of a bake only", rules + "endings.go", "return j.Driver == d.driver.ID && !d.plan.soonest", "return j.Weight == Full && j.Driver == d.driver.ID && !d.plan.soonest", "TestE1APipeline", loop, true, nil},
		{"pipeline: its day begins with each call", pipe + "/call.go", "Rollout: c.Began.Add(lifetime)", "Rollout: now.Add(lifetime)", "TestWhatFits", pipe, false, nil},
		{"pipeline: a hook begins at any time", pipe + "/call.go", ", Began: now, Rollout", ", Rollout", "TestAHookBegins", pipe, false, nil},
		{"pipeline: work that hangs is waited for", pipe + "/pipeline.go", "case <-late.Done():", "case <-func() chan int { _ = late; return nil }():", "TestWorkThatHangs", pipe, false, nil},
		{"pipeline: an answered job is told for ever", pipe + "/pipeline.go", "errors.Is(err, ErrAnswered)", "errors.Is(err, ErrTooLarge) && r.Variables == nil", "TestAJobIs", pipe, false, nil},
		{"pipeline: the token is logged", pipe + "/call.go", `"continues", j.Continues)`, `"continues", j.Token)`, "TestEvents", pipe, false, nil},
		{"pipeline: in-progress is a success", pipe + "/reply.go", "case string(rollout.Succeeded), ", "case string(rollout.InProgress), string(rollout.Succeeded), ", "TestARolloutThatAnother", pipe, false, nil},
		{"pipeline: a refused call's message is told", "internal/cloud/pipelines/pipelines.go", `return fmt.Errorf("%w: %s", target.ErrRefused, cloud.Text(code))`, "return err", "TestWhatCodePipelineAnswers", "./internal/cloud/pipelines", false, nil},
		{"a wake not heard", "internal/durable/poll.go", "if last > 0 && number <= last && s.step.Status == Pending {", "if last > 1000 && s.step.Status == Pending {", "TestAnExecution", "./internal/durable", false, nil},
		{"a recorded end looked for again", "internal/durable/poll.go", "case Succeeded:\n\t\t\treturn ended(End{Result: at.step.Result}), nil\n", "case Succeeded:\n", "TestARecordedEnd", "./internal/durable", false, nil},
		{"operations not counted", "internal/durable/poll.go", "n+len(updates) > MostOperations", "n > 100*MostOperations", "TestTheServicesLimits", "./internal/durable", false, nil},
		{"a driver that was woken believes its own write", "internal/driver/workflow/call.go", "c.token = c.token.Woken()", "_ = c.token.Woken()", "TestAWakeRight", "./internal/driver/durable", false, nil},
		{"events: told while a way back is due", rules + "told.go", "return n.token.Failure != nil || ", "return ", "TestNothingIsToldBefore", loop, false, nil},
		{"events: what was told is forgotten", rules + "told.go", "t.Told = &n.told", "t.Told = nil", "TestWhatOthersHear", "./" + rules, false, nil},
		{"events: a step seen after a death is not told", rules + "told.go", "if first || j.Weight != n.told.Weight {", "if first || n.token.Last == ShiftStep && j.Weight != n.told.Weight {", "TestARolloutEnds|TestWhatOthersHear", "./" + rules, true, nil},
		{"events: the relieved driver tells what the newer one does", rules + "told.go", `n.Command == "" && j.Driver != n.Driver.ID`, `n.Command == "" && j.Driver == ""`, "TestAnotherDrivers", "./" + rules, false, nil},
		{"events: an end that is told twice", rules + "told_end.go", `case state == "" || n.told.Over ||`, `case state == "" ||`, "TestWhatOthersHear", "./" + rules, false, nil},
		{"events: an entry that failed is taken for sent", "internal/cloud/events/events.go", "case out.FailedEntryCount == 0:", "case out.FailedEntryCount >= 0:", "TestWhatEventBridgeAnswers", "./internal/cloud/events", false, nil},
		{"events: tried for as long as it takes", "internal/notify/others.go", "sendTime = time.Second", "sendTime = time.Minute", "TestTelling", "./internal/notify", false, nil},
		{"events: one that is lost is not tried again", "internal/notify/others.go", "end.Sub(now)/2", "end.Sub(now)", "TestTelling", "./internal/notify", false, nil},
		{"events: the answer waits for the bus", "internal/notify/others.go", "over.Add(grace).Before(end)", "over.Add(time.Hour).Before(end)", "TestTheEndIsTold", "./internal/notify", false, nil},
		{"metrics: a dimension without its value", "internal/notify/metrics.go", `"FunctionName", t.Function, "Alias"`, `"Function", t.Function, "Alias"`, "TestWhatALook", "./internal/notify", false, nil},
		{"metrics: what decides nothing is evidence", "internal/notify/metrics.go", " && !check.ReportOnly", "", "TestWhatALook", "./internal/notify", false, nil},
		{"recover: another driver's rollout is touched", rules + "recover.go", "case j != nil && j.Driver == d.driver.ID && (", "case j != nil && (", "TestMangled", dead, false, nil},
		{"recover: the version is blamed", rules + "recover.go", "d.token.fail(d.becauseOf(also), false)", "d.token.fail(d.becauseOf(also), true)", "TestWhatBecomes", dead, false, nil},
		{"recover: a bake is cut short", rules + "recover.go", "case a == nil || !d.holdOver():", "case a == nil:", "TestWhatBecomes", dead, false, nil},
		{"recover: a living workflow is taken for dead", dead + "/recover.go", "e.Status == target.ExecutionRunning, nil", "false, nil", "TestEveryEvent", dead, false, nil},
		{"recover: a stopped worker's switch is deleted", dead + "/recover.go", "l.bySwitch || a.Status != string(rollout.NoOp)", "true", "TestTheSwitch", dead, false, nil},
		{"a take-over without a switch", rules + "claim.go", "	if action, token := d.setSwitch(); action != nil {\n		return action, token\n	}\n	j.Driver", "	j.Driver", "TestARelieved", loop, false, nil},
		{"a switch that is left after RollbackFailed is deleted", rules + "switch.go", " && f.Outcome != RollbackFailed", "", "TestARollbackThat", loop, false, nil},
		{"a slow deletion keeps the answer back", "internal/driver/deadman/deadman.go", "!over.IsZero() && over.Before(end)", "false && over.Before(end)", "TestTheAnswerComes", "./internal/driver/deadman", false, nil},
		{"pipeline: its switch is not moved on", pipe + "/call.go", "err := w.life.Move(ctx, w.Switches); err", "err := error(nil); err", "TestAPipelineOf", loop, false, nil},
		{"package: a zip has the day's date", "internal/cmd/package/main.go", "Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)", "Modified: time.Now()", "TestAZip", "./internal/cmd/package", false, nil},
		{"package: a program that cannot be run", "internal/cmd/package/main.go", "mode = 0o755", "mode = 0o644", "TestAZip", "./internal/cmd/package", false, nil},
		{"reference: a document that is not current is not told", "internal/cmd/reference/main.go", "status = 1", "status = 0", "TestWhatIsNotCurrent", "./internal/cmd/reference", false, nil},
	}...)
}
