package pipeline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/goldentest"
)

// FuzzJob feeds events to the decoder: what it accepts has somebody to answer to, and a request or a reason to refuse it.
func FuzzJob(f *testing.F) {
	for _, raw := range goldentest.Payloads(f, payloads) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		j, err := pipeline.ParseJob(raw)
		if err != nil {
			require.ErrorAs(t, err, new(pipeline.UnknownEvent))
			return
		}
		require.NotEmpty(t, j.ID)
		require.True(t, j.Request != "" || j.Refused != "")
		require.True(t, j.Token == "" || j.Continues)
	})
}
