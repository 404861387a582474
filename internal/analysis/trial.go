package analysis

import (
	"fmt"
	"math"
	"strings"
)

// trial is every comparison of new against old that a health check makes, errors first, and their evidence together: the
// new version fails when all of it reaches 1/Alpha (docs/statistics.md, section 2.11).
type trial struct {
	compared []compared
	// minutes are all those of the rollout, also without calls of the new version.
	minutes  []Block
	standing Standing
	// lead is which comparison had the most part in the evidence at its highest.
	lead int
}

// compared is one metric of a trial.
type compared struct {
	// name is "errors", or a threshold's, as "p90".
	name    string
	weight  float64
	params  Params
	history History
	blocks  []Block
	// logH is the environment filter's evidence after each block, and learnt what it knew before the first; nil of latency.
	logH   []float64
	learnt *Learnt
	// standing is where this metric stands alone, and then its evidence when that of all was at its highest.
	standing Standing
	then     float64
}

// trial compares over every minute so far. A metric that is switched off, or has no history to take its threshold from,
// returns its weight: to errors or, where these are not compared, to the other thresholds. Where calls cannot be read nothing
// is compared, and where durations cannot, errors alone.
func (h Health) trial(e Measurements, calls, durations bool) trial {
	var t trial
	if !calls {
		return t
	}
	alpha := h.params().Alpha
	if h.Errors == ErrorsCompare {
		errors := compared{name: "errors", params: h.params(), history: NewHistory(e.History)}
		t.minutes, errors.blocks = e.called(errors.history)
		memo := e.Memo
		if memo == nil {
			memo = new(Memo)
		}
		errors.logH = memo.LogH(e.History, errors.history, errors.blocks)
		errors.learnt = newLearnt(e.History, memo.Environment())
		errors.history = errors.history.Clumped(memo.Environment())
		t.compared = append(t.compared, errors)
	}
	if h.Latency.Compare && durations && e.incomparable() == "" {
		usual := NewHistory(e.History)
		for i, threshold := range e.Thresholds {
			p := LatencyParams()
			if p.Alpha = alpha; e.JudgedAlone {
				p = p.judgedAlone()
			}
			slow := compared{name: threshold.Name, params: p, history: NewHistory(threshold.History)}
			earlier := e.earlier(threshold.History, func(m Minute) Counts { return m.OldTook.counts(i).atLeast(m.AliasTook.counts(i)) })
			slow.blocks = e.excuse(earlier, e.Reading.slowBlocks(i, usual), slow.history)
			t.compared = append(t.compared, slow)
		}
	}
	if len(t.compared) > 0 {
		t.share(h.Errors == ErrorsCompare)
		t.run()
	}
	return t
}

// share gives every metric its part of the stake.
func (t *trial) share(errorsFirst bool) {
	rest := 1.0
	for i := range t.compared[1:] {
		weight := LatencyWeight
		if !errorsFirst {
			weight = 1 / float64(len(t.compared))
		}
		t.compared[i+1].weight = weight
		rest -= weight
	}
	t.compared[0].weight = rest
}

// run feeds the combination minute by minute.
func (t *trial) run() {
	var others []Weighted
	for _, c := range t.compared[1:] {
		others = append(others, Weighted{NewTest(c.params, c.history), c.weight})
	}
	all := Combine(NewTest(t.compared[0].params, t.compared[0].history), others...)
	row, next := make([]Block, len(t.compared)), make([]int, len(t.compared))
	for t.advance(row, next) {
		before := all.evidence.peak
		all.Add(t.compared[0].filtered(next[0]), row...)
		if all.evidence.peak > before {
			t.lead = all.lead()
			for i := range t.compared {
				test := all.Metric(i)
				t.compared[i].then = test.Standing().Unhealthy
			}
		}
	}
	t.standing = all.Standing()
	for i := range t.compared {
		test := all.Metric(i)
		t.compared[i].standing = test.Standing()
	}
}

// advance fills row with the blocks of the next minute in which any metric has one, the zero Block for none; it is false
// at the end. next is how many blocks of each metric were taken.
func (t *trial) advance(row []Block, next []int) bool {
	const end = math.MaxInt64
	minute := int64(end)
	for i, c := range t.compared {
		if next[i] < len(c.blocks) {
			minute = min(minute, c.blocks[next[i]].Minute)
		}
	}
	for i, c := range t.compared {
		row[i] = Block{}
		if next[i] < len(c.blocks) && c.blocks[next[i]].Minute == minute {
			row[i] = c.blocks[next[i]]
			next[i]++
		}
	}
	return minute < end
}

// filtered is the filter's evidence after so many blocks; 0 where there is no filter.
func (c compared) filtered(blocks int) float64 {
	if blocks == 0 || len(c.logH) == 0 {
		return 0
	}
	return c.logH[blocks-1]
}

// decides says that the new version fails, mostly for this metric.
func (t *trial) decides(i int) bool { return t.standing.Verdict == Fail && t.lead == i }

// evidence is the evidence of one metric, against what it would need alone.
func (c compared) evidence(noBounds bool) *Evidence {
	o := evidenceOf(c.params, c.history, c.blocks, c.standing, noBounds)
	o.Needed = rounded(1 / (c.params.Alpha * c.weight))
	o.Learnt = c.learnt
	return o
}

// together is the evidence of several metrics, whose weighted sum decides; "" for a single one, which says it itself.
func (t *trial) together() string {
	if len(t.compared) < 2 {
		return ""
	}
	parts := make([]string, len(t.compared))
	for i, c := range t.compared {
		parts[i] = fmt.Sprintf("%s %s:1 at weight %s", c.name, figure(oddsOf(c.then)), figure(c.weight))
	}
	return fmt.Sprintf("together, by weight, %s:1 of %s:1 needed: %s",
		figure(oddsOf(t.standing.Peak)), figure(1/t.compared[0].params.Alpha), strings.Join(parts, ", "))
}
