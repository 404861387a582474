// Package sequential has the statistics of a rollout's judge: what the minutes of both versions are evidence of. It is pure
// arithmetic, and every formula is of the specification, docs/statistics.md.
package sequential

// Counts are the calls of one version and how many of them failed.
type Counts struct {
	Invocations, Errors float64
}

// Block is what became visible of one minute of invocations, of both versions in the same minute (docs/statistics.md,
// section 2.1).
type Block struct {
	// Minute numbers the minute, from any origin; later minutes have larger numbers.
	Minute   int64
	New, Old Counts
	// ExposureBias is how many times the odds of a call the odds may be that a failure of this minute is the new version's, for no
	// fault of its own; below 1 counts as 1.
	ExposureBias float64
	// Incident is the rate at which the old version failed when it was last seen, where that was too much and the new version
	// has been alone since; 0 for none.
	Incident float64
}

// countable says whether the block can be judged: it has calls of the new version, and no version has more errors than
// invocations, as while the one is published and the other is not (section 2.1).
func (b Block) countable() bool {
	return b.New.Invocations > 0 && b.New.consistent() && b.Old.consistent()
}

// consistent says that no more calls failed than there were.
func (c Counts) consistent() bool { return 0 <= c.Errors && c.Errors <= c.Invocations }
