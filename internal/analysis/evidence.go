package analysis

import "time"

// Evidence is what one look at a running rollout has found.
type Evidence struct {
	Reading Reading
	// FirstShift is when the new version got its first traffic: an alarm that went red before cannot veto.
	FirstShift time.Time
	// History is the old version's time before the rollout, by minute: see HistoryBefore.
	History []Counts
	// Thresholds are what is slow to the comparison of latency; none where the old version has no history to tell.
	Thresholds []Threshold
	// Judgement is what the health check's function said; nil where it was not asked.
	Judgement *Judgement
	// Probes are the latest results.
	Probes []ProbeResult
	// JudgedAlone says that the plan has judged time with all traffic on the new version.
	JudgedAlone bool
	Alarms      []Alarm
	// StepSince is when the present step began; MinInvocations counts from its minute on, the finest that CloudWatch
	// tells.
	StepSince time.Time
	// Terse leaves out the bounds for people, which take most of the time of an Assess.
	Terse bool
}

// called are all minutes of the rollout, and those in which the new version had calls, with what in them may be nobody's
// fault.
func (e Evidence) called(h History) (all, blocks []Block) {
	all = e.Reading.table()
	return all, e.Reading.excuse(all, h)
}

// step is Assessment.Step.
func (e Evidence) step() Counts {
	since := e.StepSince.Truncate(time.Minute)
	if e.FirstShift.Before(since) && since.Before(e.StepSince) {
		since = since.Add(time.Minute)
	}
	return e.Reading.New(since)
}
