package answer

import (
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Memory is what a Recorder carries from one call of a driver to the next, as JSON. It may be lost: then the answer has the
// steps since.
type Memory struct {
	Steps    []Step           `json:"steps,omitempty"`
	Probes   []analysis.Check `json:"probes,omitempty"`
	Warnings []string         `json:"warnings,omitempty"`
	Bad      []string         `json:"bad,omitempty"`
}

// Resume is a Recorder that goes on from what another has gathered, and keeps the last so many steps.
func Resume(m Memory, most int) *Recorder {
	return &Recorder{steps: m.Steps, probes: m.Probes, warnings: m.Warnings, bad: m.Bad, most: most}
}

// Memory is what the Recorder has gathered, in at most so many bytes: the checks of the steps go first, then the oldest
// warnings, then the oldest steps.
func (r *Recorder) Memory(most int) Memory {
	m := Memory{Steps: slices.Clone(r.steps), Probes: r.probes, Warnings: r.warnings, Bad: r.bad}
	for i := range m.Steps {
		if size(m) <= most {
			return m
		}
		m.Steps[i].Checks = nil
	}
	if size(m) > most {
		m.Probes = nil
	}
	for size(m) > most && len(m.Warnings) > 0 {
		m.Warnings = m.Warnings[1:]
	}
	for size(m) > most && len(m.Steps) > 0 {
		m.Steps = m.Steps[1:]
	}
	if size(m) > most {
		return Memory{}
	}
	return m
}
