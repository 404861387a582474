package health

import (
	"sync"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Memory keeps what was read of a rollout's past and does not change any more, for the rollout that was judged last. It may
// be empty at any time: then the same is read again. The nil Memory keeps nothing.
type Memory struct {
	mutex sync.Mutex
	of    subject
	known known
	// traffic is how busy trafficOf was before a rollout that started when trafficUntil was the end of what is looked at.
	trafficOf    place
	trafficUntil time.Time
	traffic      rollout.Traffic
	// before is what the three hours from beforeSince on say of beforeOf.
	beforeOf    place
	beforeSince time.Time
	before      []analysis.Counts
}

// place is an alias in an account: the names of both are the same in many accounts.
type place struct {
	role string
	rollout.Target
}

// subject is a rollout, and what of the health check decides what is read of its past.
type subject struct {
	role      string
	rollout   string
	latency   analysis.LatencyRule
	throttles bool
}

// known is what does not change any more: the old version's time before the rollout, and what the rollout did until
// settledUntil, which lies hours back.
type known struct {
	counts       []analysis.Counts
	thresholds   []analysis.Threshold
	settled      []analysis.Minute
	settledUntil time.Time
	// memo makes the next looks cheaper.
	memo *analysis.Memo
}

func (m *Memory) recall(of subject) (known, bool) {
	if m == nil {
		return known{}, false
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.known, m.of == of
}

func (m *Memory) keep(of subject, k known) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.of, m.known = of, k
}

func (m *Memory) recallTraffic(of place, until time.Time) (rollout.Traffic, bool) {
	if m == nil {
		return rollout.Traffic{}, false
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.traffic, m.trafficOf == of && m.trafficUntil.Equal(until)
}

func (m *Memory) keepTraffic(of place, until time.Time, traffic rollout.Traffic) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.trafficOf, m.trafficUntil, m.traffic = of, until, traffic
}

func (m *Memory) recallBefore(of place, since time.Time) ([]analysis.Counts, bool) {
	if m == nil {
		return nil, false
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.before, m.beforeOf == of && m.beforeSince.Equal(since)
}

func (m *Memory) keepBefore(of place, since time.Time, counts []analysis.Counts) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.beforeOf, m.beforeSince, m.before = of, since, counts
}
