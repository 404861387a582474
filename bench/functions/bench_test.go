package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

func TestWhatIsMeasuredIsBuiltAsWhatIsShipped(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	flags := strings.ReplaceAll(strings.Join(buildFlags(), " "), "-s -w", "'-s -w'")
	assert.Contains(t, string(makefile), "go build "+flags+"\n")
}

// A floor without one of the clients would make the deployer look heavier than it is.
func TestTheFloorsHoldTheSameClients(t *testing.T) {
	t.Chdir("..") // where make bench runs
	clients := func(p program) (services []string) {
		module, source := p.source()
		out, err := exec.Command("go", "-C", module, "list", "-deps", source).Output()
		require.NoError(t, err)
		for name := range strings.Lines(string(out)) {
			if service, is := strings.CutPrefix(strings.TrimSpace(name), "github.com/aws/aws-sdk-go-v2/service/"); is && !strings.Contains(service, "/") {
				services = append(services, service)
			}
		}
		slices.Sort(services)
		return services
	}
	for _, p := range programs() {
		if !p.floor {
			assert.Equal(t, clients(p), clients(program{p.function, true}), p.function)
		}
	}
}

func TestMedian(t *testing.T) {
	assert.Equal(t, 2, median([]int{3, 1, 2}))
	assert.Equal(t, 2, median([]int{4, 3, 1, 2}))
	assert.Zero(t, median[int](nil))
}

func TestCallsOfARollout(t *testing.T) {
	counts, err := countCalls()
	require.NoError(t, err)
	for i, c := range counts {
		assert.GreaterOrEqual(t, c.calls[sim.UpdateAlias], 10)
		assert.Greater(t, c.calls[sim.GetMetrics], int(10*time.Minute/c.poll))
		if i > 0 {
			assert.Less(t, c.calls[sim.GetAlias], counts[i-1].calls[sim.GetAlias], "who looks less often calls less often")
		}
	}
}

func TestTheWayBack(t *testing.T) {
	slow, err := returned{poll: time.Minute, delay: time.Minute, failing: 1}.spread(`"any"`)
	require.NoError(t, err)
	quick, err := returned{poll: 5 * time.Second, delay: time.Minute, failing: 1}.spread(`"any"`)
	require.NoError(t, err)
	assert.Less(t, quick.longest, 6*time.Second)
	assert.LessOrEqual(t, slow.longest, 61*time.Second)
	assert.Greater(t, slow.median, quick.median)
}

func TestAnIdleAccountIsEnoughForARollout(t *testing.T) {
	a := newIdle()
	answer, err := a.deployer().Handle(t.Context(), []byte(`{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 10, "interval": 60}`))
	require.NoError(t, err)
	assert.Equal(t, "succeeded", answer.Status)
	assert.Greater(t, a.turns, 40)
}

func TestReport(t *testing.T) {
	ours, floor := program{function: "deployer"}, program{"deployer", true}
	f := findings{
		sizes:   map[program]int{ours: 3_900_000, floor: 3_000_000},
		started: map[program]start{ours: {ready: 5 * time.Millisecond}, floor: {ready: 5 * time.Millisecond}},
		drives:  map[program]drive{ours: {memory: 13 * mebibyte}, floor: {memory: 10 * mebibyte}},
	}
	assert.Equal(t, `| of the deployer | goal | found | holds |
|---|---|---|---|
| zip for arm64 | ≤ 4.0 MB | 3.90 MB | yes |
| start | ≤ 1.1 times the floor | 1.00 times | yes |
| peak memory of a rollout | ≤ 14 MiB | 13.0 MiB | yes |`, f.goals())
}
