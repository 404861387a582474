package analysis

import (
	"slices"
	"time"
)

// Measurements is what one look at a running rollout has found.
type Measurements struct {
	Reading Reading
	// Now is when it was found, which says which minutes still grow; zero for nobody knows, and then all of them do.
	Now time.Time
	// Start is when the rollout began: there History ends. FirstShift is when the new version got its first traffic. What is
	// counted by version is judged from the minute of FirstShift on, what is not from the first minute that begins after it; an
	// alarm that went red before cannot veto.
	Start, FirstShift time.Time
	// History is the old version's time before the rollout, by minute: see HistoryBefore.
	History []Counts
	// Thresholds are what is slow to the comparison of latency; none where the old version has no history to tell.
	Thresholds []Threshold
	// Judgement is what the health check's function said; nil where it was not asked.
	Judgement *Judgement
	// Probes are the latest results.
	Probes []ProbeResult
	// JudgedAlone says that the plan has judged time with all traffic on the new version: latency then goes by the old version's
	// time before the rollout.
	JudgedAlone bool
	Alarms      []Alarm
	// StepSince is when the present step began; MinInvocations counts from its minute on, the finest that CloudWatch
	// tells.
	StepSince time.Time
	// Awaited is the shift whose effect must have been seen before the rollout goes on; zero for none.
	Awaited time.Time
	// HoldEnd is when the hold of the present step ends, for MinInvocations.
	HoldEnd time.Time
	// NoBounds leaves out the bounds for people, which take most of the time of an Assess.
	NoBounds bool
	// Memo makes the next looks at the same rollout cheaper; nil is a look by itself. It changes no verdict.
	Memo *Memo

	// before are the minutes of the rollout before that of the first shift.
	before []Minute
}

// judged is the evidence without what is not judged of it: whatever was before the minute of the first shift and, of that
// minute, what is not counted by version.
func (e Measurements) judged() Measurements {
	first := e.FirstShift.Truncate(ShortestPeriod(e.FirstShift, e.Now))
	minutes := make([]Minute, 0, len(e.Reading.Minutes))
	for _, m := range e.Reading.Minutes {
		if m.Start.Before(first) {
			e.before = append(e.before, m)
			continue
		}
		if m.Start.Before(e.FirstShift) {
			m.Throttles, m.Values = 0, nil
		}
		minutes = append(minutes, m)
	}
	e.Reading.Minutes = minutes
	return e
}

// called are all minutes of the rollout, and those in which the new version had calls, with what in them may be nobody's
// fault.
func (e Measurements) called(h History) (all, blocks []Block) {
	all = e.Reading.table()
	return all, e.excuse(e.earlier(e.History, func(m Minute) Counts { return m.Old.atLeast(m.Alias) }), all, h)
}

// excuse notes on minutes what in them may be nobody's fault, by the old version's minutes earlier too, and returns those in
// which the new version had calls.
func (e Measurements) excuse(earlier, minutes []Block, h History) []Block {
	all := slices.Concat(earlier, minutes)
	SharedIncident(all, h)
	copy(minutes, all[len(earlier):])
	blocks := slices.DeleteFunc(slices.Clone(minutes), func(b Block) bool { return b.New.Invocations == 0 })
	ExposureBias(blocks, h, e.Reading.highest(blocks), e.Reading.Share)
	return blocks
}

// earlier are the old version's minutes before the first shift: those of its past, which ends at the start of the rollout, and
// those of the rollout, in which the alias stood at it. Where nobody knows the start there are none.
func (e Measurements) earlier(past []Counts, countsOf func(Minute) Counts) []Block {
	if e.Start.IsZero() {
		return nil
	}
	var earlier []Block
	started := e.Start.Unix() / 60
	for i, c := range past {
		earlier = append(earlier, Block{Minute: started - int64(len(past)-i), Old: c})
	}
	for _, m := range e.before {
		earlier = append(earlier, Block{Minute: m.Start.Unix() / 60, Old: countsOf(m)})
	}
	return earlier
}

// step is Assessment.Step.
func (e Measurements) step() Counts {
	since := e.StepSince.Truncate(time.Minute)
	if e.FirstShift.Before(since) && since.Before(e.StepSince) {
		since = since.Add(time.Minute)
	}
	return e.Reading.New(since)
}
