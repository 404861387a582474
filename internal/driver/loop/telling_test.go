package loop_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// journalOf is the journal that explains a routing.
func journalOf(description string, routing rollout.Routing) *rollout.Journal {
	return rollout.ParseDescription(description).Live(rollout.Target{Function: "f", Alias: "live"}, routing, sim.Start().AddDate(10, 0, 0))
}

// rolloutOf is the id of the rollout that wrote a description.
func rolloutOf(description string) string {
	d := rollout.ParseDescription(description)
	switch {
	case d.Journal != nil:
		return d.Journal.ID
	case d.Record != nil:
		return d.Record.ID
	}
	return ""
}

// firstWriteOf is when a rollout was written first.
func (s story) firstWriteOf(id string) time.Duration {
	first := slices.IndexFunc(s.writes, func(w sim.Write) bool { return rolloutOf(w.Description) == id })
	return s.writes[first].At
}

// clocksApart is how far apart the clocks of two hosts are at the most, and any host's and AWS's.
func (g game) clocksApart() time.Duration {
	clocks := append([]time.Duration{0}, g.skews...)
	return slices.Max(clocks) - slices.Min(clocks)
}

func (s story) stranger(w sim.Write) bool { return w.By == "stranger" || w.By == sim.Lambda }
func (s story) byPerson(w sim.Write) bool { return isPerson(w.By) }

// isPerson says that an invocation is one of a person's actions, not a driver.
func isPerson(id string) bool {
	action, _, _ := strings.Cut(id, "-")
	return action == "rollback" || action == "promote" || action == "pause" || action == "resume"
}

// ours are the writes of deployers.
func (s story) ours() []sim.Write {
	var list []sim.Write
	for _, w := range s.writes[1:] {
		if !s.stranger(w) {
			list = append(list, w)
		}
	}
	return list
}

// journalBefore is the live journal that a write found.
func (s story) journalBefore(w sim.Write) *rollout.Journal {
	for i := range s.writes {
		if s.writes[i].Revision == w.Revision {
			before := s.writes[i-1]
			return journalOf(before.Description, before.Routing)
		}
	}
	return nil
}

// aliasAt is the alias at a time.
func (s story) aliasAt(at time.Duration) target.Alias {
	var alias target.Alias
	for _, w := range s.writes {
		if w.At <= at {
			alias = w.Alias
		}
	}
	return alias
}

// lately is how long before an ending the alias may have been looked at last.
const lately = 10 * time.Second

// stoodAt says that the alias stood at a routing when whoever ended may have looked at it last: at some moment shortly before,
// and afterwards only others have moved it.
func (s story) stoodAt(routing rollout.Routing, e ending) bool {
	return s.stood(e, func(w sim.Write) bool { return w.Routing == routing })
}

// unseen says that others have moved the alias after a driver had shifted nothing and could read it no more: of its own doing it
// says the truth.
func (s story) unseen(e ending) bool {
	last := slices.IndexFunc(s.turns, func(t oneTurn) bool { return t.by == e.by && t.unread })
	shifted := slices.ContainsFunc(s.writes, func(w sim.Write) bool { return w.By == e.by && w.Routing.Split() })
	return e.outcome == "RolledBack" && s.meddledAtAll() && last >= 0 && !shifted &&
		!slices.ContainsFunc(s.turns[last:], func(t oneTurn) bool { return t.by == e.by && !t.unread })
}

func (s story) stood(e ending, there func(sim.Write) bool) bool {
	for i, w := range s.writes {
		last := i == len(s.writes)-1
		if w.At > e.at || !last && s.writes[i+1].At < e.at-lately {
			continue
		}
		if there(w) && !slices.ContainsFunc(s.writes[i+1:], func(later sim.Write) bool { return later.By == e.by && later.At <= e.at && !there(later) }) {
			return true
		}
	}
	return false
}

func (s story) meddledAtAll() bool {
	return slices.ContainsFunc(s.writes, s.stranger)
}

// lostReplies is how many writes may have lost their answers.
func (s story) lostReplies() int {
	n := 0
	for _, f := range s.faults {
		if f.Effect == sim.ReplyLost || f.Takes > 0 {
			n += max(1, f.Times)
		}
	}
	return n
}

func (s story) finalRouting() rollout.Routing { return s.writes[len(s.writes)-1].Routing }

// routings are the routings in order, each once.
func (s story) routings() []rollout.Routing {
	var list []rollout.Routing
	for _, w := range s.writes {
		if len(list) == 0 || list[len(list)-1] != w.Routing {
			list = append(list, w.Routing)
		}
	}
	return list
}

func (s story) ended(outcome string) bool { return len(s.ends) == 1 && s.ends[0].outcome == outcome }

func (s story) endings() string {
	var list []string
	for _, e := range s.ends {
		list = append(list, e.outcome)
	}
	return strings.Join(list, ", ")
}

func (s story) transcript() string {
	request, _ := json.Marshal(s.request)
	text := fmt.Sprintf("request %s\nfaults %+v\nothers %+v\nskews %v\n%s", request, s.faults, s.others, s.skews, s.log)
	for _, w := range s.writes {
		text += fmt.Sprintf("%9s %.12s wrote %s %q\n", w.At, w.By, w.Routing, w.Description)
	}
	return text
}
