// Package scenario plays rollouts that files tell of, in the simulated account, through the deployer that Lambda runs.
package scenario

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// Scenario is a story of one function: an account, who asks the deployer for what, what else happens, and how it has to
// end. testdata/README.md explains the file, key by key.
type Scenario struct {
	// Name is the file's name without its ending.
	Name string `json:"-"`
	// About tells the story in a sentence or two.
	About string `json:"about"`
	// Function is the function's name.
	Function string `json:"function"`

	StaleReads moment `json:"stale-reads"`

	Versions map[string]versionPart `json:"versions"`
	Incident curve                  `json:"incident"`
	Aliases  map[string]aliasPart   `json:"aliases"`
	Alarms   map[string]alarmPart   `json:"alarms"`
	Hooks    map[string]hookPart    `json:"hooks"`
	Metrics  map[string]curve       `json:"metrics"`
	Requests []requestPart          `json:"requests"`
	Events   []eventPart            `json:"events"`
	Faults   []faultPart            `json:"faults"`
	Expect   map[string]expectPart  `json:"expect"`
}

type versionPart struct {
	Errors     curve  `json:"errors"`
	Takes      moment `json:"takes"`
	MS         curve  `json:"ms"`
	ReadyAt    moment `json:"ready-at"`
	State      string `json:"state"`
	Reason     string `json:"reason"`
	Role       string `json:"role"`
	DeadLetter string `json:"dead-letter"`
	SnapStart  bool   `json:"snap-start"`
	WakesIn    moment `json:"wakes-in"`
	Isolated   bool   `json:"tenant-isolation"`
}

type routingPart struct {
	Version string             `json:"version"`
	Weights map[string]float64 `json:"weights"`
}

type aliasPart struct {
	routingPart
	Description string `json:"description"`
	RPS         curve  `json:"rps"`
	Throttles   curve  `json:"throttles"`
	Provisioned int    `json:"provisioned-concurrency"`
	Moves       moment `json:"provisioned-in"`
}

type alarmPart struct {
	State       analysis.AlarmState `json:"state"`
	ErrorsAbove *float64            `json:"errors-above"`
	Alias       string              `json:"alias"`
	Periods     moment              `json:"periods"`
}

type hookPart struct {
	Takes     moment          `json:"takes"`
	Answer    json.RawMessage `json:"answer"`
	Failure   string          `json:"failure"`
	Throttled int             `json:"throttled"`
	Asleep    moment          `json:"asleep"`
	Isolated  bool            `json:"tenant-isolation"`
}

type requestPart struct {
	At       moment          `json:"at"`
	Timeout  moment          `json:"timeout"`
	KilledAt moment          `json:"killed-at"`
	Send     json.RawMessage `json:"send"`
	Expect   string          `json:"expect"`
}

// deedPart is something that somebody else does to the account.
type deedPart struct {
	By string `json:"by"`

	Alias string `json:"alias"`
	routingPart
	Description *string `json:"description"`
	Delete      bool    `json:"delete"`

	Alarm string              `json:"alarm"`
	State analysis.AlarmState `json:"state"`

	Hook   string          `json:"hook"`
	Answer json.RawMessage `json:"answer"`
}

type eventPart struct {
	At moment `json:"at"`
	deedPart
}

type faultPart struct {
	On     sim.Operation `json:"on"`
	Call   int           `json:"call"`
	Times  int           `json:"times"`
	From   moment        `json:"from"`
	Until  moment        `json:"until"`
	Effect sim.Effect    `json:"effect"`
	Takes  moment        `json:"takes"`
	Before *deedPart     `json:"before"`
	After  *deedPart     `json:"after"`
}

type expectPart struct {
	routingPart
	Description *string `json:"description"`
}

// routing reads a routing whose weights are in percent.
func (p routingPart) routing() (rollout.Routing, error) {
	r := rollout.Routing{Primary: p.Version}
	if len(p.Weights) > 1 {
		return r, errors.New("weights has more than one version: an alias has one additional version at most")
	}
	for version, percent := range p.Weights {
		weight, ok := rollout.WeightOf(percent)
		if !ok {
			return r, fmt.Errorf("weights.%s is %g: give a percentage from 0 to 100 with at most two decimals", version, percent)
		}
		r.Secondary, r.Weight = version, weight
	}
	return r, nil
}

//go:embed testdata/*.json
var shipped embed.FS

// Names are the names of the scenarios that are shipped.
func Names() []string {
	files, _ := shipped.ReadDir("testdata")
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".json"))
	}
	return names
}

// Load reads a scenario: a shipped one by its name, or a file.
func Load(nameOrFile string) (Scenario, error) {
	raw, err := shipped.ReadFile(path.Join("testdata", nameOrFile+".json"))
	if err != nil {
		if raw, err = os.ReadFile(nameOrFile); err != nil {
			return Scenario{}, fmt.Errorf("scenario %q is neither a shipped one nor a file: %w", nameOrFile, err)
		}
	}
	s := Scenario{Name: strings.TrimSuffix(filepath.Base(nameOrFile), ".json")}
	if err := strictly(raw, &s); err != nil {
		return s, fmt.Errorf("scenario %s: %w", nameOrFile, err)
	}
	return s, s.check()
}

// strictly decodes one JSON value without unknown keys.
func strictly(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end")
	}
	return nil
}

// check refuses a scenario that could not be told.
func (s Scenario) check() error {
	switch {
	case s.Function == "":
		return fmt.Errorf("scenario %s: function is missing: give the function's name", s.Name)
	case len(s.Requests) == 0:
		return fmt.Errorf("scenario %s: requests is missing: give what is sent to the deployer", s.Name)
	}
	for i, r := range s.Requests {
		if r.Expect == "" || len(r.Send) == 0 {
			return fmt.Errorf(`scenario %s: requests[%d] wants "send", the request, and "expect", a status, an errorType or "killed"`, s.Name, i)
		}
	}
	return nil
}
