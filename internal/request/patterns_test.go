package request

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForceAndEmergencyAreAcceptedByFunction(t *testing.T) {
	for _, key := range []string{"force", "emergency"} {
		for text, accepted := range map[string]bool{"*": true, "f": true, "g,f": true, "f*": true, "": false, "g": false, "ff,*g": false} {
			home := Home{Force: PatternsOf(text, true), Emergency: PatternsOf(text, true)}
			_, err := Parse([]byte(with(fmt.Sprintf(`%q: {"reason": "the shop is down"}`, key))), home)
			if accepted {
				require.NoError(t, err, "%s by %q", key, text)
				continue
			}
			require.ErrorContains(t, err, key+" is {…}: it is accepted here for", "by %q", text)
		}
		_, err := Parse([]byte(with(fmt.Sprintf(`%q: {"reason": "the shop is down"}`, key))), Home{Force: PatternsOf("", false), Emergency: PatternsOf("", false)})
		require.NoError(t, err, "not set is every function")
	}
	_, err := Parse([]byte(with(`"steps": 2`)), Home{Force: Patterns{}, Emergency: Patterns{}})
	assert.NoError(t, err, "a request without either")
}
