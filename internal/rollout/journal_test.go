package rollout

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestJournalReadsWell(t *testing.T) {
	text, ok := Description{Owner: "the shop's front door", Journal: new(journal())}.Encode()
	require.True(t, ok)
	assert.Equal(t, "the shop's front door [meta-deployer 7>8 at 30% step 3/10 +6m0.123s by 3f2c81d2-9a1c07d3e4f5 id 20261121-164454123-"+text[len(text)-5:len(text)-1]+"]", text)
	assert.InDelta(t, 100, len(text)-len("the shop's front door "), 35, "the design expects 80 to 135 characters")
}

// anyOwner are texts that a person may have written, ours and near misses of ours among them.
func anyOwner() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "live ", "[meta-deployer", "[meta-deployer 7>8]", "a\nb", "naïve 🚀", strings.Repeat("x", MaxOwner)}),
		rapid.StringOfN(rapid.RuneFrom([]rune("abc []>%/:é🚀\n")), 0, 60, 120),
	)
}

func anyJournal(t *rapid.T) Journal {
	steps := rapid.IntRange(1, 1000).Draw(t, "steps")
	j := Journal{
		Start:  began.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "start")) * time.Millisecond),
		Old:    rapid.StringMatching(`[1-9][0-9]{0,3}`).Draw(t, "old"),
		New:    rapid.StringMatching(`[1-9][0-9]{0,3}`).Draw(t, "new"),
		Weight: Weight(rapid.IntRange(0, int(Full)).Draw(t, "weight")),
		Step:   rapid.IntRange(0, steps).Draw(t, "step"), Steps: steps,
		Driver:   DriverToken(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-z/: ]{0,80}`).Draw(t, "driver")),
		Approval: Approval(rapid.IntRange(0, 2).Draw(t, "approval")),
		Paused:   rapid.Bool().Draw(t, "paused"),
		Held:     rapid.Bool().Draw(t, "held"),
		Bad:      rapid.SliceOfN(rapid.StringMatching(`[1-9][0-9]{0,3}`), 0, 3).Draw(t, "bad"),
	}
	j.Since = j.Start.Add(time.Duration(rapid.Int64Range(0, 900_000).Draw(t, "since")) * time.Millisecond)
	j.First = j.Start
	if rapid.Bool().Draw(t, "late first shift") && j.Since.Sub(j.Start) > 2*time.Second {
		j.First = j.Start.Add(time.Second)
	}
	if len(j.Bad) == 0 {
		j.Bad = nil
	}
	j.ID = NewID(target, j.Old, j.New, j.Start)
	return j
}

func TestJournalSurvivesTheAlias(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner, j := anyOwner().Draw(t, "owner"), anyJournal(t)
		text, ok := Description{Owner: owner, Journal: &j}.Encode()
		if !ok {
			t.Fatalf("no room behind %d characters: %q", length(owner), j.text(nil))
		}
		if length(text) > maxDescription {
			t.Fatalf("%d characters", length(text))
		}
		back := ParseDescription(text)
		if back.Owner != owner {
			t.Fatalf("owner %q became %q", owner, back.Owner)
		}
		if len(back.Journal.Bad) < len(j.Bad) {
			j.Bad = append([]string(nil), j.Bad[len(j.Bad)-len(back.Journal.Bad):]...)
		}
		if back.Journal.First.Sub(j.First).Abs() < time.Second {
			j.First = back.Journal.First // known to the second
		}
		if length(behind(owner, j.text(nil))) > maxDescription {
			j.First = j.usualFirst() // the last to give way
		}
		assert.Equal(t, j, *back.Journal)
	})
}

func TestARecordSurvivesTheAlias(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner := anyOwner().Draw(t, "owner")
		r := RollbackRecord{
			ID: journal().ID, Old: "7", New: "8", Why: rapid.String().Draw(t, "why"),
			Bad: rapid.SliceOfN(rapid.StringMatching(`[1-9][0-9]{0,4}`), 1, 40).Draw(t, "bad"),
		}
		text, ok := Description{Owner: owner, Record: &r}.Encode()
		if !ok || length(text) > maxDescription {
			t.Fatalf("%d characters", length(text))
		}
		back := ParseDescription(text)
		if back.Record == nil || back.Owner != owner || back.Record.ID != r.ID {
			t.Fatalf("%q became %+v", text, back)
		}
		kept := back.Record.Bad
		if len(kept) < min(len(r.Bad), keptBad) {
			t.Fatalf("of %v only %v were kept", r.Bad, kept)
		}
		assert.Equal(t, r.Bad[len(r.Bad)-len(kept):], kept)
	})
}

func TestOwnerOf120CharactersLeavesRoomInAPlanOfADay(t *testing.T) {
	day := Plan{Target: target, Steps: Linear(1000, 24*time.Hour/1000)}
	assert.Zero(t, day.OwnerExcess(strings.Repeat("é", MaxOwner), "1234", "1235"))
	assert.Zero(t, day.OwnerExcess("", "1234", "1235"))
	room := 0
	for day.OwnerExcess(strings.Repeat("x", room+1), "1234", "1235") == 0 {
		room++
	}
	assert.GreaterOrEqual(t, room, MaxOwner)
	assert.Equal(t, 7, day.OwnerExcess(strings.Repeat("x", room+7), "1234", "1235"), "it says by how much")
	assert.Equal(t, 2, day.OwnerExcess(strings.Repeat("x", room-2)+"🚀🚀", "1234", "1235"), "counted in UTF-16")

	j := journal()
	j.Old, j.New, j.Weight, j.Bad = "1234", "1235", 33_33, []string{"1230", "1231", "1232"}
	text, ok := Description{Owner: strings.Repeat("x", MaxOwner), Journal: &j}.Encode()
	require.True(t, ok)
	assert.Equal(t, j.Bad, ParseDescription(text).Journal.Bad, "three bad versions fit behind the longest owner's text")
	_, ok = Description{Owner: strings.Repeat("x", 200), Journal: &j}.Encode()
	assert.False(t, ok)
}

// A text that pre-flight has let pass leaves room for everything that a rollout of the plan can write, whatever a person asks
// of it meanwhile.
func TestEveryJournalOfAPlanHasRoomBehindTheTextThatPreflightLetsPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := anyJournal(t)
		plan := Plan{Target: target, Steps: Linear(j.Steps, time.Duration(rapid.Int64Range(0, int64(LongestPlan)/int64(j.Steps)).Draw(t, "hold")))}
		j.Steps = len(plan.Steps)
		j.Step = min(j.Step, j.Steps)
		j.Since = j.Start.Add(time.Duration(rapid.Int64Range(0, int64(max(100*time.Hour, plan.Duration())/time.Millisecond)).Draw(t, "since")) * time.Millisecond)
		j.Held = j.Held && !j.Paused && j.Approval == NotNeeded
		owner := strings.Repeat(rapid.SampledFrom([]string{"x", "é", "🚀"}).Draw(t, "owner"), maxDescription)
		for owner != "" && plan.OwnerExcess(owner, j.Old, j.New) > 0 {
			owner = string([]rune(owner)[1:])
		}
		if _, ok := (Description{Owner: owner, Journal: &j}).Encode(); !ok {
			t.Fatalf("no room behind %d characters: %q", length(owner), j.text(nil))
		}
	})
}

func TestJournalThatDoesNotMatchTheRoutingIsDead(t *testing.T) {
	j := journal()
	d := Description{Journal: &j}
	assert.NotNil(t, d.Live(target, Routing{Primary: "7", Secondary: "8", Weight: 30_00}, began))
	for _, r := range []Routing{
		{Primary: "7"},
		{Primary: "8"},
		{Primary: "7", Secondary: "8", Weight: 30_01},
		{Primary: "7", Secondary: "9", Weight: 30_00},
		{Primary: "8", Secondary: "7", Weight: 30_00},
	} {
		assert.Nil(t, d.Live(target, r, began), r.String())
	}
	j.Weight = Full
	assert.NotNil(t, d.Live(target, Routing{Primary: "8"}, began), "at 100 % the new version is the primary")
}

func TestTheFirstShiftIsKnownAtEveryStep(t *testing.T) {
	late := began.Add(6 * time.Minute)
	for _, step := range []int{1, 2, 10} {
		j := journal()
		j.Step, j.Since, j.First = step, late.Add(time.Duration(step-1)*time.Minute), late
		text, ok := Description{Journal: &j}.Encode()
		require.True(t, ok)
		assert.Equal(t, late, ParseDescription(text).Journal.First, text)
	}
}

func TestDriverTokenTellsRequestsApart(t *testing.T) {
	assert.Equal(t, "req-1", DriverToken("req-1"))
	a, b := DriverToken("00000000-0000-0000-0000-000000000001"), DriverToken("00000000-0000-0000-0000-000000000002")
	assert.NotEqual(t, a, b)
	assert.Regexp(t, `^00000000-[0-9a-f]{12}$`, a)
	for _, id := range []string{"", " ", "a b", "é", "a]b", "a\nb", strings.Repeat("x", maxDriver+1), strings.Repeat("x", 1000)} {
		token := DriverToken(id)
		assert.Regexp(t, `^\S+$`, token)
		assert.LessOrEqual(t, len(token), maxDriver)
	}
}

// Names of executions differ in a few characters in the middle or at the end.
func TestDriverTokensOfManyNamesDiffer(t *testing.T) {
	seen := make(map[string]string, 100_000)
	for i := range 25_000 {
		for _, name := range []string{
			fmt.Sprintf("checkout-live-%d-4f9a01c7", i),
			fmt.Sprintf("checkout-live-42-%08x", i),
			fmt.Sprintf("checkout-live-42-4f9a01c7-%d", i),
			fmt.Sprintf("3f2c81d2-9a1c-4f9a-8001-%012x", i),
		} {
			token := DriverToken(name)
			if other, twice := seen[token]; twice {
				t.Fatalf("%s and %s are both %s", name, other, token)
			}
			seen[token] = name
		}
	}
}

func FuzzDescription(f *testing.F) {
	j := journal()
	text, _ := Description{Owner: "o", Journal: &j}.Encode()
	f.Add(text)
	text, _ = Description{Owner: "o", Record: &RollbackRecord{ID: j.ID, Old: "7", New: "8", Bad: []string{"8"}, Why: "errors"}}.Encode()
	f.Add(text)
	f.Fuzz(func(t *testing.T, text string) {
		d := ParseDescription(text)
		if d.Journal == nil && d.Record == nil {
			require.Equal(t, text, d.Owner)
			return
		}
		again, ok := d.Encode()
		if !ok || length(text) > maxDescription {
			return
		}
		back := ParseDescription(again)
		require.Equal(t, d.Owner, back.Owner)
		require.Equal(t, d.Journal == nil, back.Journal == nil)
	})
}
