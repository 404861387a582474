package hook

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/goldentest"
)

// FuzzEvent feeds events to the decoder of both kinds: what it accepts has somebody to report to, or is refused with a
// reason.
func FuzzEvent(f *testing.F) {
	for _, function := range []string{"pretraffic", "posttraffic"} {
		for _, raw := range goldentest.Payloads(f, "../../events/"+function+"/*.json") {
			f.Add(raw)
		}
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
