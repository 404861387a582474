package rollout

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAScarOfAnyLengthIsCutAtOnce(t *testing.T) {
	s := Scar{ID: journal().ID, Old: "7", New: "8", Bad: []string{"8"}, Why: strings.Repeat("🚀", 1<<20)}
	text, ok := Description{Owner: "front door", Scar: &s}.Encode()
	require.True(t, ok)
	assert.LessOrEqual(t, length(text), maxDescription)
	assert.Greater(t, length(text), maxDescription-2, "what fits is kept")
	assert.NotNil(t, ParseDescription(text).Scar)
}

func TestTextsAreCountedAndCutInUTF16(t *testing.T) {
	assert.Equal(t, 4, length("é🚀x"))
	assert.Equal(t, "é🚀", truncate("é🚀x", 3))
	assert.Equal(t, "é", truncate("é🚀x", 2))
	assert.Empty(t, truncate("é", 0))
	assert.Equal(t, "é🚀x", truncate("é🚀x", 4))
}
