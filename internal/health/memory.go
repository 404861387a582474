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
	// traffic is how busy target was before a rollout that started when trafficUntil was the end of what is looked at.
	target       rollout.Target
	trafficUntil time.Time
	traffic      rollout.Traffic
	// before is what the three hours from beforeSince on say of the target beforeOf.
	beforeOf    rollout.Target
	beforeSince time.Time
	before      []analysis.Counts
}

// subject is a rollout, and what of the health check decides what is read of its past.
type subject struct {
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

func (m *Memory) recallTraffic(t rollout.Target, until time.Time) (rollout.Traffic, bool) {
	if m == nil {
		return rollout.Traffic{}, false
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.traffic, m.target == t && m.trafficUntil.Equal(until)
}

func (m *Memory) keepTraffic(t rollout.Target, until time.Time, traffic rollout.Traffic) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.target, m.trafficUntil, m.traffic = t, until, traffic
}

// Knows says that the traffic before a rollout that starts at start is kept.
func (m *Memory) Knows(t rollout.Target, start time.Time) bool {
	_, until := rollout.TrafficSpan(start)
	_, known := m.recallTraffic(t, until)
	return known
}

func (m *Memory) recallBefore(t rollout.Target, since time.Time) ([]analysis.Counts, bool) {
	if m == nil {
		return nil, false
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.before, m.beforeOf == t && m.beforeSince.Equal(since)
}

func (m *Memory) keepBefore(t rollout.Target, since time.Time, counts []analysis.Counts) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.beforeOf, m.beforeSince, m.before = t, since, counts
}
