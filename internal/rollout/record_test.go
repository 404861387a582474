package rollout

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARecordOfAnyLengthIsCutAtOnce(t *testing.T) {
	r := RollbackRecord{ID: journal().ID, Old: "7", New: "8", Bad: []string{"8"}, Why: strings.Repeat("🚀", 1<<20)}
	text, ok := Description{Owner: "front door", Record: &r}.Encode()
	require.True(t, ok)
	assert.LessOrEqual(t, length(text), maxDescription)
	assert.Greater(t, length(text), maxDescription-2, "what fits is kept")
	assert.NotNil(t, ParseDescription(text).Record)
}

func TestTextsAreCountedAndCutInUTF16(t *testing.T) {
	assert.Equal(t, 4, length("é🚀x"))
	assert.Equal(t, "é🚀x", cut("é🚀x", 4))
	assert.Equal(t, "é…", cut("é🚀x", 3), "the sign that something is left out counts too")
	assert.Equal(t, "é…", cut("é🚀x", 2))
	assert.Empty(t, cut("é🚀", 1))
	assert.Empty(t, cut("é", 0))
}

// Contract 7: what the line keeps where there is little room, in this order.
func TestWhatARecordKeepsWhereRoomIsShort(t *testing.T) {
	r := RollbackRecord{
		ID: journal().ID, Driver: "3f2c81d2-9a1c07d3e4f5", Old: "7", New: "8", Bad: []string{"1001", "1002", "1003", "1004", "1005"},
		Why: "errors: 31 of 120 failed, 9 of 1,080 of the old version",
	}
	last := RollbackRecord{Bad: r.Bad, Why: r.Why}
	for owner := range maxDescription {
		text, ok := Description{Owner: strings.Repeat("x", owner), Record: &r}.Encode()
		if !ok {
			assert.Greater(t, owner, 160, "the versions and the id have room behind a long text")
			return
		}
		require.LessOrEqual(t, length(text), maxDescription)
		kept := *ParseDescription(text).Record
		assert.Equal(t, []string{r.ID, r.Old, r.New}, []string{kept.ID, kept.Old, kept.New})
		switch why := length(kept.Why); {
		case kept.Driver == "":
			assert.Empty(t, kept.Bad, "the driver goes after the bad versions")
		case len(kept.Bad) < keptBad:
			assert.Less(t, why, 24, "the last three bad versions go after all of why")
		case len(kept.Bad) > keptBad:
			assert.Greater(t, why, 12, "a few words, cut at one, are worth more than the fourth last")
		}
		assert.LessOrEqual(t, len(kept.Bad), len(last.Bad), "never more in less room")
		last = kept
	}
}
