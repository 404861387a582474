package rollout

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
)

// Journal is the state of a running rollout, as it stands in the alias's description behind the owner's own text:
//
//	owner's text [meta-deployer 7>8 at 30% step 3/10 +6m0.123s by 3f2c81d2-9a1c07d3e4f5 id 20261121-164454123-3f9a]
//
// The time behind the plus is how long after the rollout's start the present step began; the start is in the id.
type Journal struct {
	// ID is the rollout's id; it begins with the start.
	ID       string
	Start    time.Time
	Old, New string
	Weight   Weight
	// Step counts from 1; 0 before the first shift. Steps is how many the plan has.
	Step, Steps int
	// Since is when the present step began.
	Since time.Time
	// First is when the new version got its first traffic, to the second; Start, where that has not been.
	First time.Time
	// Driver is the token of who runs the rollout, see DriverToken.
	Driver   string
	Approval Approval
	Paused   bool
	// Held marks a rollout that failed and was told to stay where it is.
	Held bool
	// Bad are the versions known to be bad, the oldest first.
	Bad []string
}

// Approval is how a step stands that a person has to approve.
type Approval uint8

// The approvals.
const (
	// NotNeeded is a step that goes on by itself.
	NotNeeded Approval = iota
	Wanted
	Granted
)

// Description is an alias's description, taken apart. At most one of Journal and Record is set.
type Description struct {
	// Owner is the text that is not ours, exactly.
	Owner   string
	Journal *Journal
	Record  *RollbackRecord
}

const (
	// maxDescription is Lambda's limit for an alias's description, in characters. Whether Lambda counts code points or
	// UTF-16 units is not documented; units are never fewer.
	maxDescription = 256
	// MaxOwner is how much of it the owner's text may have; the rest is the journal's.
	MaxOwner = 120
	// keptBad is how many versions known to be bad are always kept where the owner's text is within MaxOwner.
	keptBad = 3
	// idTime is how the start stands in a rollout's id; the milliseconds follow without a separator.
	idTime = "20060102-150405"
)

const (
	versionsPattern = `(\d+)>(\d+)`
	idPattern       = `(\d{8}-\d{6}\d{3}-[0-9a-f]{4})`
	badPattern      = `(?: bad (\d+(?:,\d+)*))?`
)

var journalPattern = lazyregexp.New(`(?s)^(.*)\[meta-deployer ` + versionsPattern + ` at ([\d.]+)% step (\d+)/(\d+) \+(\S+)(?: from \+(\S+))? by (\S+)` +
	`( approve| approved)?( paused)?( held)?` + badPattern + ` id ` + idPattern + `\]$`)

var idAlone = lazyregexp.New(`^` + idPattern + `$`)

// ParseDescription takes an alias's description apart. What is neither a journal nor a record is the owner's text.
func ParseDescription(text string) Description {
	if !strings.HasSuffix(text, "]") || !strings.Contains(text, "[meta-deployer ") {
		return Description{Owner: text}
	}
	if m := journalPattern.FindStringSubmatch(text); m != nil {
		if j, err := parseJournal(m); err == nil {
			return Description{Owner: strings.TrimSuffix(m[1], " "), Journal: j}
		}
	}
	if m := rollbackPattern.FindStringSubmatch(text); m != nil {
		r := &RollbackRecord{Old: m[2], New: m[3], Driver: m[4], Bad: splitVersions(m[5]), ID: m[6], Why: m[7]}
		return Description{Owner: strings.TrimSuffix(m[1], " "), Record: r}
	}
	return Description{Owner: text}
}

// parseJournal reads the submatches of journalPattern.
func parseJournal(m []string) (*Journal, error) {
	j := &Journal{
		Old: m[2], New: m[3], Driver: m[9], Paused: m[11] != "", Held: m[12] != "", Bad: splitVersions(m[13]), ID: m[14],
		Approval: map[string]Approval{"": NotNeeded, " approve": Wanted, " approved": Granted}[m[10]],
	}
	var err error
	if j.Weight, err = parseWeight(m[4]); err != nil {
		return nil, err
	}
	if j.Step, err = strconv.Atoi(m[5]); err != nil {
		return nil, err
	}
	if j.Steps, err = strconv.Atoi(m[6]); err != nil {
		return nil, err
	}
	if j.Start, err = startOf(j.ID); err != nil {
		return nil, err
	}
	since, err := time.ParseDuration(m[7])
	if err != nil {
		return nil, err
	}
	j.Since = j.Start.Add(since)
	j.First = j.usualFirst()
	if m[8] != "" {
		first, err := time.ParseDuration(m[8])
		if err != nil {
			return nil, err
		}
		j.First = j.Start.Add(first)
	}
	return j, nil
}

// Encode writes the description. Where there is no room for everything, the versions known to be bad give way first,
// oldest first, then what the record says of why; it is false when the owner's text leaves no room even so.
func (d Description) Encode() (string, bool) {
	switch {
	case d.Journal != nil:
		return d.Journal.encode(d.Owner)
	case d.Record != nil:
		return d.Record.encode(d.Owner)
	default:
		return d.Owner, length(d.Owner) <= maxDescription
	}
}

// behind puts a line of ours behind the owner's text.
func behind(owner, line string) string {
	if owner == "" {
		return line
	}
	return owner + " " + line
}

// encode drops the oldest bad versions until the line fits behind the owner's text, and at last the time of the first
// traffic, for which the start stands in then.
func (j Journal) encode(owner string) (string, bool) {
	for bad := j.Bad; ; bad = bad[1:] {
		if text := behind(owner, j.text(bad)); length(text) <= maxDescription {
			return text, true
		}
		if len(bad) == 0 {
			break
		}
	}
	j.First = j.usualFirst()
	text := behind(owner, j.text(nil))
	return text, length(text) <= maxDescription
}

// text is the journal's line.
func (j Journal) text(bad []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[meta-deployer %s>%s at %s%% step %d/%d +%s", j.Old, j.New, j.Weight, j.Step, j.Steps, j.Since.Sub(j.Start))
	if j.First.Sub(j.usualFirst()).Abs() >= time.Second {
		fmt.Fprintf(&b, " from +%s", j.First.Sub(j.Start))
	}
	b.WriteString(" by " + j.Driver)
	b.WriteString([]string{"", " approve", " approved"}[j.Approval])
	if j.Paused {
		b.WriteString(" paused")
	}
	if j.Held {
		b.WriteString(" held")
	}
	b.WriteString(badText(bad) + " id " + j.ID + "]")
	return b.String()
}

// OwnerExcess is by how many characters the owner's text is too long for the longest journal of the plan, paused and approved
// at its last step, from one version to another.
func (p Plan) OwnerExcess(owner, old, candidate string) int {
	const longHold = 100*time.Hour - time.Millisecond
	start := time.Unix(0, 0).UTC()
	steps := len(p.Steps)
	j := Journal{
		ID: NewID(p.Target, old, candidate, start), Start: start, Old: old, New: candidate, Weight: Full - 1, Step: steps, Steps: steps,
		Since: start.Add(max(longHold, 2*p.Duration()-time.Millisecond)), Driver: strings.Repeat("x", maxDriver), Approval: Granted, Paused: true,
	}
	j.First = j.usualFirst()
	return max(0, length(behind(owner, j.text(nil)))-maxDescription)
}

// Live is the journal that explains the routing beside it; nil where there is none, or where it cannot be believed: it does
// not match the routing, its id was not made for the target and its versions, both versions are the same, or its start is
// in the future. Then it is dead, and what it says of the traffic is history.
func (d Description) Live(t Target, r Routing, now time.Time) *Journal {
	if d.Journal == nil || d.Journal.Routing() != r || !d.Journal.credible(t, now) {
		return nil
	}
	return d.Journal
}

// clockSkew is how far apart the clocks of two drivers may be.
const clockSkew = time.Minute

// credible says that a rollout of the target can have written the journal.
func (j Journal) credible(t Target, now time.Time) bool {
	return j.Old != j.New && j.ID == NewID(t, j.Old, j.New, j.Start) && !j.Start.After(now.Add(clockSkew))
}

// Bad are the versions that the description says are known to be bad.
func (d Description) Bad() []string {
	switch {
	case d.Journal != nil:
		return d.Journal.Bad
	case d.Record != nil:
		return d.Record.Bad
	}
	return nil
}

// usualFirst is when the new version got its first traffic unless the journal says otherwise: with the first step, and as
// good as at the start in the later ones.
func (j Journal) usualFirst() time.Time {
	if j.Step == 1 {
		return j.Since
	}
	return j.Start
}

// Routing is the routing that the journal was written with.
func (j Journal) Routing() Routing { return routingAt(j.Old, j.New, j.Weight) }

// NewID derives a rollout's id from its target, its versions and its start, in milliseconds. The same target cannot start
// twice in a millisecond: the second start finds the first one's journal.
func NewID(t Target, old, candidate string, start time.Time) string {
	h := fnv.New32a()
	for _, part := range []string{t.Function, t.Alias, old, candidate} {
		_, _ = h.Write([]byte(part + "\x00"))
	}
	start = start.UTC()
	return fmt.Sprintf("%s%03d-%04x", start.Format(idTime), start.Nanosecond()/int(time.Millisecond), h.Sum32()&0xffff)
}

// StartOf is when a rollout began; false for what is no rollout's id.
func StartOf(id string) (time.Time, bool) {
	if !idAlone.MatchString(id) {
		return time.Time{}, false
	}
	start, err := startOf(id)
	return start, err == nil
}

// startOf reads the start back from a rollout's id.
func startOf(id string) (time.Time, error) {
	start, err := time.Parse(idTime, id[:len(idTime)])
	if err != nil {
		return time.Time{}, err
	}
	ms, err := strconv.Atoi(id[len(idTime) : len(idTime)+3])
	return start.Add(time.Duration(ms) * time.Millisecond), err
}

// maxDriver is how long a driver's token is at the most.
const maxDriver = 21

// DriverToken is how a driver's id, a request id or an execution name, stands in the journal: itself where it is short and
// plain, else its first eight plain characters and 48 bits of a digest of the whole.
func DriverToken(id string) string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", r) {
			return r
		}
		return -1
	}, id)
	if id != "" && plain == id && len(id) <= maxDriver {
		return id
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	return fmt.Sprintf("%.8s-%012x", strings.ReplaceAll(plain, "-", ""), h.Sum64()>>16)
}
