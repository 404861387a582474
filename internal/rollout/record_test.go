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
