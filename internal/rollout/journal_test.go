package rollout

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var began = time.Date(2026, 11, 21, 16, 44, 54, 123e6, time.UTC)

func journal() Journal {
	return Journal{
		ID: NewID("f", "live", "7", "8", began), Start: began, Old: "7", New: "8", Weight: 30_00, Step: 3, Steps: 10,
		Since: began.Add(6*time.Minute + 123*time.Millisecond), First: began, Driver: "3f2c81d2-9a1c",
	}
}

func TestJournalReadsWell(t *testing.T) {
	text, ok := Description{Owner: "the shop's front door", Journal: new(journal())}.Encode()
	require.True(t, ok)
	assert.Equal(t, "the shop's front door [meta-deployer 7>8 at 30% step 3/10 +6m0.123s by 3f2c81d2-9a1c id 20261121-164454123-"+text[len(text)-5:len(text)-1]+"]", text)
	assert.InDelta(t, 100, len(text)-len("the shop's front door "), 35, "the design expects 80 to 135 characters")
}

// anyOwner are texts that a person may have written, ours and near misses of ours among them.
func anyOwner() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "live ", "[meta-deployer", "[meta-deployer 7>8]", "a\nb", "naïve 🚀", strings.Repeat("x", maxOwner)}),
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
	j.ID = NewID("f", "live", j.Old, j.New, j.Start)
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
			j.Bad = j.Bad[len(j.Bad)-len(back.Journal.Bad):]
		}
		if back.Journal.First.Sub(j.First).Abs() < time.Second {
			j.First = back.Journal.First // known to the second
		}
		assert.Equal(t, j, *back.Journal)
	})
}

func TestScarSurvivesTheAlias(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner := anyOwner().Draw(t, "owner")
		s := Scar{
			ID: journal().ID, Old: "7", New: "8", Why: rapid.String().Draw(t, "why"),
			Bad: rapid.SliceOfN(rapid.StringMatching(`[1-9][0-9]{0,4}`), 1, 40).Draw(t, "bad"),
		}
		text, ok := Description{Owner: owner, Scar: &s}.Encode()
		if !ok || length(text) > maxDescription {
			t.Fatalf("%d characters", length(text))
		}
		back := ParseDescription(text)
		if back.Scar == nil || back.Owner != owner || back.Scar.ID != s.ID {
			t.Fatalf("%q became %+v", text, back)
		}
		kept := back.Scar.Bad
		if len(kept) < min(len(s.Bad), keptBad) {
			t.Fatalf("of %v only %v were kept", s.Bad, kept)
		}
		assert.Equal(t, s.Bad[len(s.Bad)-len(kept):], kept)
	})
}

func TestOwnerOf120CharactersLeavesRoomAnd121Not(t *testing.T) {
	assert.Zero(t, OwnerExcess(strings.Repeat("é", 120)))
	assert.Equal(t, 1, OwnerExcess(strings.Repeat("é", 121)))
	j := journal()
	j.Old, j.New, j.Weight, j.Bad = "1234", "1235", 33_33, []string{"1230", "1231", "1232"}
	text, ok := Description{Owner: strings.Repeat("x", 120), Journal: &j}.Encode()
	require.True(t, ok)
	assert.Equal(t, j.Bad, ParseDescription(text).Journal.Bad, "three bad versions fit behind the longest owner's text")
	_, ok = Description{Owner: strings.Repeat("x", 200), Journal: &j}.Encode()
	assert.False(t, ok)
}

func TestJournalThatDoesNotMatchTheRoutingIsDead(t *testing.T) {
	j := journal()
	d := Description{Journal: &j}
	assert.NotNil(t, d.Live(Routing{Primary: "7", Secondary: "8", Weight: 30_00}))
	for _, r := range []Routing{
		{Primary: "7"},
		{Primary: "8"},
		{Primary: "7", Secondary: "8", Weight: 30_01},
		{Primary: "7", Secondary: "9", Weight: 30_00},
		{Primary: "8", Secondary: "7", Weight: 30_00},
	} {
		assert.Nil(t, d.Live(r), r.String())
	}
	j.Weight = Full
	assert.NotNil(t, d.Live(Routing{Primary: "8"}), "at 100 % the new version is the primary")
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
	assert.Regexp(t, `^00000000-[0-9a-f]{4}$`, a)
	assert.Regexp(t, `^\S+$`, DriverToken(""))
}

func FuzzDescription(f *testing.F) {
	j := journal()
	text, _ := Description{Owner: "o", Journal: &j}.Encode()
	f.Add(text)
	text, _ = Description{Owner: "o", Scar: &Scar{ID: j.ID, Old: "7", New: "8", Bad: []string{"8"}, Why: "errors"}}.Encode()
	f.Add(text)
	f.Fuzz(func(t *testing.T, text string) {
		d := ParseDescription(text)
		if d.Journal == nil && d.Scar == nil {
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
