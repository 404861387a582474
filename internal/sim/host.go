package sim

import "time"

// hostAhead is by how much the clock of the host is ahead of the world's that runs the present process, or what runs outside of
// all processes.
func (w *World) hostAhead() *time.Duration {
	if w.current != nil {
		return &w.current.ahead
	}
	return &w.ahead
}

// hostNow is the present time by the host's clock.
func (w *World) hostNow() time.Time { return w.Now().Add(*w.hostAhead()) }

// sinceByHost is a time by the host's clock as the duration since the world's beginning.
func (w *World) sinceByHost(t time.Time) time.Duration { return w.since(t) - *w.hostAhead() }
