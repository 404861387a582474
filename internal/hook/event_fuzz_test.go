package hook

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzEvent feeds events to the decoder of both kinds: what it accepts has somebody to report to, or is refused with a
// reason.
func FuzzEvent(f *testing.F) {
	files, err := filepath.Glob("../../events/*traffic/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parseEvent(raw)
		if err != nil {
			require.NotContains(t, err.Error(), "\x1b")
			return
		}
		require.Regexp(t, `^aws deploy stop-deployment --deployment-id (ID|d-\w+)$`, e.stop(), "a command is pasted as it stands")
		require.Equal(t, e.deployment == "", e.execution == "", "CodeDeploy's ids come together")
		if e.deployment == "" && e.refused == nil {
			target, err := ownTarget(e.own, e.own.Stage)
			if err == nil {
				require.NotEmpty(t, target.bare())
				require.Contains(t, target.qualified(), ":"+target.NewVersion)
			}
		}
	})
}
