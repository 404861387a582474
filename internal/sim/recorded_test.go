package sim_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

var update = flag.Bool("update", false, "rewrite the shipped record")

// TestTheShippedRecordIsOfThisWorld makes the shipped record: two days and a few hours of a shop's checkout, with nights
// and days, a few failures at all times, and an incident each evening. -update writes it anew.
func TestTheShippedRecordIsOfThisWorld(t *testing.T) {
	const length = 51 * time.Hour
	w := sim.New()
	w.Dice = rand.New(rand.NewPCG(2026, 1))
	w.Publish("checkout", "1", sim.Version{Errors: sim.Constant(.002)})
	require.NoError(t, w.CreateAlias("checkout", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
	var day, incident sim.Curve
	for at := time.Duration(0); at < length; at += 10 * time.Minute {
		day = append(day, sim.Point{From: at, Value: 6 + 4*math.Sin(2*math.Pi*at.Hours()/24)})
	}
	for _, evening := range []time.Duration{11 * time.Hour, 35 * time.Hour} {
		incident = append(incident, sim.Point{From: evening, Value: .15}, sim.Point{From: evening + 4*time.Minute})
	}
	w.SetTraffic("checkout", "live", day)
	w.SetIncident("checkout", incident)
	w.Advance(length + 5*time.Minute)

	minutes, err := w.Account().Metrics.Minutes(context.Background(), target.MetricsQuery{
		Function: "checkout", Alias: "live", Since: sim.Start(), Until: sim.Start().Add(length - time.Minute),
	})
	require.NoError(t, err)
	var text strings.Builder
	text.WriteString("minute,invocations,errors\n")
	for _, m := range minutes {
		fmt.Fprintf(&text, "%s,%.0f,%.0f\n", m.Start.Format(time.RFC3339), m.Alias.Invocations, m.Alias.Errors)
	}
	file := filepath.Join("testdata", "recorded", "checkout.csv")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	}
	shipped, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, string(shipped) == text.String(), "go test ./internal/sim -run Record -update writes it anew")

	read, err := sim.Recorded("checkout")
	require.NoError(t, err)
	require.Len(t, read, len(minutes))
	assert.Equal(t, minutes[7].Alias, read[7].Alias)
	assert.Equal(t, minutes[7].Start, read[7].Start)
}

func TestRecordsThatAreNone(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"no line":         {"minute,invocations,errors\n", "is empty"},
		"two columns":     {"minute,invocations,errors\n1,2\n", "wrong number of fields"},
		"other columns":   {"minute,invocations\n1,2\n", "it has 2 columns"},
		"no time":         {"minute,invocations,errors\nnoon,2,1\n", "line 2"},
		"no number":       {"minute,invocations,errors\n2026-01-05T09:00:00Z,many,1\n", "line 2"},
		"no errors":       {"minute,invocations,errors\n2026-01-05T09:00:00Z,2,few\n", "line 2"},
		"too many errors": {"minute,invocations,errors\n2026-01-05T09:00:00Z,2,3\n", "3 of 2 invocations failed"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "record.csv")
			require.NoError(t, os.WriteFile(file, []byte(tt.text), 0o600))
			_, err := sim.Recorded(file)
			assert.ErrorContains(t, err, tt.want)
		})
	}
	_, err := sim.Recorded("nowhere")
	assert.ErrorContains(t, err, "neither a shipped one nor a file")
}
