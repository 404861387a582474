package request

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatALongEngineIsGiven(t *testing.T) {
	raw := "{ \"new-version\": \"@candidate\",\n \"steps\": 1e1, \"interval\": 0.50, \"alias-name\": \"live\", \"function-name\": \"f\", \"message\": \"a < b & é\", \"hand-off\": \"always\"}"
	out, err := HandedOver([]byte(raw), "8", "")
	require.NoError(t, err)
	assert.Equal(t, `{"alias-name":"live","function-name":"f","interval":0.50,"message":"a < b & é","new-version":"8","steps":1e1}`, string(out))
	again, err := HandedOver(out, "8", "")
	require.NoError(t, err)
	assert.Equal(t, string(out), string(again), "however it was written")
	out, err = HandedOver([]byte(raw), "8", "20260105-120000123-ab12")
	require.NoError(t, err)
	r := parse(t, string(out))
	assert.Equal(t, "20260105-120000123-ab12", r.Plan.Only)
	assert.Equal(t, HandOffByStack, r.HandOff)
	assert.Equal(t, "8", r.Plan.NewVersion)
}

func TestTheSameRequest(t *testing.T) {
	base := `{"function-name": "f", "alias": "live", "new-version": "8", "steps": 3, "interval": 60}`
	for name, tt := range map[string]struct {
		other string
		same  bool
	}{
		"written otherwise":    {`{"interval":60,"steps":3,"alias-name":"live","new-version":"@candidate","function-name":"f"}`, true},
		"of a running rollout": {strings.Replace(base, "}", `, "rollout-id": "x", "message": "why", "hand-off": true, "action": "deploy"}`, 1), true},
		"another schedule":     {strings.Replace(base, "60", "61", 1), false},
		"another health check": {strings.Replace(base, "}", `, "health-check": false}`, 1), false},
		"none":                 {`[]`, false},
		"empty":                {``, false},
	} {
		assert.Equal(t, tt.same, Same([]byte(base), []byte(tt.other)), name)
		assert.Equal(t, tt.same, Same([]byte(tt.other), []byte(base)), name)
	}
}
