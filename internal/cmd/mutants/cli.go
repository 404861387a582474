package main

// terminal are faults of the program for a terminal.
func terminal() []mutant {
	const (
		cli      = "internal/cli/"
		follows  = "./internal/cli/follow"
		endings  = "./internal/cli/ending"
		pictures = "./internal/cli/screen"
		drives   = "./internal/cli/drive"
		payloads = "./internal/cli/payload"
		reports  = "./internal/cli/report"
		shows    = "./internal/cli/show"
		widgets  = "./internal/widget"
		seen     = "./internal/cloud/rollouts"
	)
	return []mutant{
		{"cli: a rollback exits as a success", cli + "ending/ending.go", "return rolledBack\n", "return Success\n", "TestExitCodes", endings, false, nil},
		{"cli: in-progress exits as a success", cli + "ending/ending.go", `"no-op", "idle":`, `"no-op", "idle", "in-progress":`, "TestExitCodes", endings, false, nil},
		{"cli: findings exit as a success", cli + "ending/ending.go", "len(e.Answer.Findings) > 0", "len(e.Answer.Findings) > 9", "TestExitCodes", endings, false, nil},
		{"cli: a rollback before it was seen is waited for", cli + "follow/course.go", "a.Reason != c.before.Reason:", "a.Reason == \"\":", "TestHowARollout", follows, false, nil},
		{"cli: an older read is the end", cli + "follow/course.go", "c.strange < 2:", "c.strange < 0:", "TestHowARollout", follows, false, nil},
		{"cli: what was held before is the end", cli + "follow/course.go", "(c.moved || !c.sent ||", "(true || c.moved || !c.sent ||", "TestHowARollout", follows, false, nil},
		{"cli: a success without a look is verified", cli + "follow/course.go", `c.unjudged || verdict == "pass"`, `c.unjudged || verdict != "fail"`, "TestHowARollout", follows, false, nil},
		{"cli: another rollout is taken for ours", cli + "follow/course.go", "case c.id != a.RolloutID:", "case c.id == \"\":", "TestHowARollout", follows, false, nil},
		{"cli: what the plan refuses is sent", cli + "follow/follow.go", `case plan.Answer.Refusal != "":`, `case plan.Answer.Refusal == "?":`, "TestWhatThePlan", follows, false, nil},
		{"cli: a taken-over execution is followed for ever", cli + "follow/follow.go", `is.Failure == nil && is.Answer.Driver == "":`, `is.Failure == nil && is.Answer.Driver == "?":`, "TestARolloutThatWasHanded", follows, false, nil},
		{"cli: hand-off false is handed over", cli + "payload/payload.go", "err != nil || given {", "err != nil || given && raw == nil {", "TestARolloutThatWasHanded", follows, false, nil},
		{"cli: the file wins over a flag", cli + "payload/payload.go", "if given := flags[key.Name]; len(given) > 0 {", "if given := flags[key.Name]; len(given) > 0 && values[key.Name] == nil {", "TestFlagsWin", payloads, false, nil},
		{"cli: a version is sent as a number", "internal/request/table.go", `{"new-version", Text,`, `{"new-version", Number,`, "TestWhatAFlags", payloads, false, nil},
		{"cli: left, and driven on", cli + "drive/drive.go", "if left = left || leave.Err() != nil; left {", "if left {", "TestItIsLeft", drives, false, nil},
		{"cli: a key acts without an answer", cli + "screen/keys.go", "return confirmation(action), \"\"", "return confirmation(action), k.pending", "TestKeysAsk", pictures, false, nil},
		{"cli: any key is a yes", cli + "screen/keys.go", "pending != \"\" && key == 'y':", "pending != \"\":", "TestKeysAsk", pictures, false, nil},
		{"cli: a picture that scrolls", cli + "screen/frame.go", "height-len(p.lines)-1)", "height-len(p.lines)+3)", "TestThePictureFits", pictures, false, nil},
		{"cli: the evidence on a straight scale", cli + "screen/frame.go", "float64(length) * math.Log(max(found.Against, 1)) / math.Log(found.Needed)", "float64(length) * found.Against / found.Needed", "TestThePictureShows", pictures, false, nil},
		{"cli: evidence where there is none", "internal/analysis/verdict.go", "return e.Against > 1 }", "return e.Against > 0 }", "TestEvidenceIsShown", pictures, false, nil},
		{"cli: a rollout that is over is in progress", cli + "screen/state.go", "if e.State.Ends() {", "if e.State.Ends() && e.Step < 0 {", "TestTheLastPicture", pictures, false, nil},
		{"report: bounds of many calls for few", cli + "report/minutes.go", "n, share := c.Invocations, ", "n, share := 500.0, ", "TestBounds", reports, false, nil},
		{"report: calls of nobody", cli + "report/minutes.go", "		case !alone.IsZero() && m.Start.Add(q.Period).After(alone):", "		case !alone.IsZero() && m.Start.Before(alone) && m.Start.After(alone):", "TestTheMinutes", reports, false, nil},
		{"report: minutes that CloudWatch has no more", cli + "report/minutes.go", "unit := analysis.ShortestPeriod(q.Since, now)", "unit := analysis.ShortestPeriod(q.Until, now)", "TestMinutesThat", reports, false, nil},
		{"demo: pictures below each other", "internal/cmd/demo/story.go", "drawn = s.draw(f.drawn(s, pictureHeight), drawn)", "s.draw(f.drawn(s, pictureHeight), drawn)", "TestAWatchedStory", "./internal/cmd/demo", false, nil},
		{"demo: red where nothing failed", "internal/cmd/demo/story.go", "	if is.Failure != nil {\n", "	if is.Failure != nil || true {\n", "TestColours", "./internal/cmd/demo", false, nil},
		{"demo: the picture of another demo", "internal/cmd/demo/svg.go", "margin        = 14", "margin        = 15", "TestThePictureOfTheReadme", "./internal/cmd/demo", false, nil},
		{"cli: sequences of others reach the terminal", cli + "show/show.go", "if !unicode.IsGraphic(r) {", "if r == 0 && !unicode.IsGraphic(r) {", "TestWrapAndFit", shows, false, nil},
		{"cli: markup of others in markdown", cli + "show/markdown.go", "\tb.WriteByte('\\\\')\n", "", "TestMarkdown", shows, false, nil},
		{"widget: what others wrote is markup", "internal/widget/widget.html", "<td>{{.Ended}}</td>", "<td>{{json .Ended}}</td>", "TestWhatOthersWrote", widgets, false, nil},
		{"widget: a frame", "internal/widget/widget.html", "<p>Rollouts from", "<iframe></iframe><p>Rollouts from", "TestTheList", widgets, false, nil},
		{"widget: a handler", "internal/widget/widget.html", `<p>Rollouts from`, `<p onclick="x">Rollouts from`, "TestTheList", widgets, false, nil},
		{"widget: a button without a confirmation", "internal/widget/widget.html", ` confirmation="{{.Confirm}}"`, "", "TestOneRollout", widgets, false, nil},
		{"widget: a button sends the widget's own action", "internal/widget/event.go", "	for key, value := range keys {\n		all[key] = value\n	}\n", "	for key, value := range keys {\n		if all[key] == nil {\n			all[key] = value\n		}\n	}\n", "TestEachButton", widgets, false, nil},
		{"widget: the time to come is asked for", "internal/widget/event.go", "	if e.until.After(now) {\n		e.until = now\n	}\n", "", "TestTheList", widgets, false, nil},
		{"widget: what a dashboard adds is refused", "internal/driver/loop/deployer.go", "	raw, _ = request.FromDashboard(raw)\n", "", "TestEachButton", widgets, false, nil},
		{"widget: every metric is an alias's", "internal/cloud/rollouts/rollouts.go", ` && len(m.Dimensions) == 2`, ` || true`, "TestARolloutIsSeen", seen, false, nil},
		{"widget: minutes of a year ago", "internal/cloud/rollouts/rollouts.go", "analysis.ShortestPeriod(since, r.now())", "analysis.ShortestPeriod(since, until)", "TestALongTime", seen, false, nil},
		{"sim: a log line with a missing dimension is a metric", "internal/sim/embedded.go", "ok && len(dimensions) == len(names) {", "ok {", "TestALogLine", "./internal/sim", false, nil},
		{"cli: the way back is not in the report", cli + "report/chart.go", `a.Status == "rolled-back"`, `a.Status == "back"`, "TestTheWayBack", reports, false, nil},
		{"cli: characters of others in the report", cli + "report/report.go", "func text(of string) string { return printable.Text(of, longest) }", "func text(of string) string { _ = printable.Text; return of[:min(len(of), longest)] }", "TestMarkup", reports, false, nil},
	}
}
