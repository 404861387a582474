package sim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// Publishing makes a version of what has changed, and answers the last one where nothing has.
func TestPublishingWithoutAChange(t *testing.T) {
	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	w.Publish("f", "2", sim.Version{})
	c := w.Control()
	publish := func() string {
		version, err := c.Publish(t.Context(), "f")
		require.NoError(t, err)
		return version
	}
	assert.Equal(t, "2", publish())
	assert.Equal(t, c.Code("f", "2").SHA256, c.Code("f", "").SHA256, "the unpublished code is that of the last version")
	require.NoError(t, c.Change(t.Context(), "f"))
	assert.NotEqual(t, c.Code("f", "2").SHA256, c.Code("f", "").SHA256)
	assert.Equal(t, "3", publish())
	assert.Equal(t, "3", publish())
	assert.Equal(t, c.Code("f", "3").SHA256, c.Code("f", "").SHA256)
	assert.NotEqual(t, c.Code("f", "1").SHA256, c.Code("f", "2").SHA256)
	assert.NotEqual(t, c.Code("f", "1").Revision, c.Code("f", "2").Revision)
	require.Error(t, c.Change(t.Context(), "none"))
	names, err := c.Functions(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"f"}, names)
}
