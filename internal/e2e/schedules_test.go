//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/schedules"
	"github.com/meta-deployer/meta-deployer/internal/driver/deadman"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// schedulesOf reads the schedules of an account's group, by its own client: nothing of ours lists them.
func schedulesOf(t *testing.T, url string) *scheduler.Client {
	t.Helper()
	client := scheduler.NewFromConfig(cloud.Load(func(key string) string { return settings(url)[key] }))
	group := "meta-deployer"
	_, err := client.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: &group})
	require.NoError(t, err)
	return client
}

// What a driver believes of its dead man's switch, at a scheduler that others wrote.
func TestSwitchesAtMoto(t *testing.T) {
	t.Parallel()
	url := startMoto(t)
	client, stack := schedulesOf(t, url), guarded()
	switches := schedules.MovableSwitches(cloud.Load(func(key string) string { return settings(url)[key] }), stack["RECOVER_ARN"], stack["SCHEDULE_GROUP"], stack["SCHEDULE_ROLE_ARN"])
	read := func(name string) (*scheduler.GetScheduleOutput, error) {
		return client.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: &name, GroupName: aws.String(stack["SCHEDULE_GROUP"])})
	}
	first := time.Now().UTC().Add(time.Hour).Truncate(time.Second)
	made := target.Switch{Driver: "checkout-3ce9a57aefe7", Input: []byte(`{"driver": "checkout-3ce9a57aefe7"}`), First: first, Every: 10 * time.Minute}
	require.NoError(t, switches.SetSwitch(t.Context(), made))
	s, err := read(made.Driver)
	require.NoError(t, err)
	assert.Equal(t, "rate(10 minutes)", aws.ToString(s.ScheduleExpression))
	assert.Equal(t, first, s.StartDate.UTC())
	assert.Equal(t, stack["RECOVER_ARN"], aws.ToString(s.Target.Arn))
	assert.Equal(t, stack["SCHEDULE_ROLE_ARN"], aws.ToString(s.Target.RoleArn))
	assert.JSONEq(t, string(made.Input), aws.ToString(s.Target.Input))

	again := made
	again.First = first.Add(time.Hour)
	require.NoError(t, switches.SetSwitch(t.Context(), again), "one that is there already is set")
	s, err = read(made.Driver)
	require.NoError(t, err)
	assert.Equal(t, first, s.StartDate.UTC(), "as it was")

	require.NoError(t, switches.MoveSwitch(t.Context(), again))
	s, err = read(made.Driver)
	require.NoError(t, err)
	assert.Equal(t, again.First, s.StartDate.UTC())
	assert.JSONEq(t, string(made.Input), aws.ToString(s.Target.Input), "nothing else is changed")
	assert.Equal(t, stack["SCHEDULE_ROLE_ARN"], aws.ToString(s.Target.RoleArn))

	require.NoError(t, switches.DeleteSwitch(t.Context(), made.Driver))
	_, err = read(made.Driver)
	require.ErrorContains(t, err, "ResourceNotFoundException")
	require.NoError(t, switches.DeleteSwitch(t.Context(), made.Driver), "one that is gone is deleted")
	require.ErrorIs(t, switches.MoveSwitch(t.Context(), made), target.ErrNotFound)
}

// The compiled deployer sets its switch at moto and deletes it at its end. One that is killed leaves it, with an input by which
// the compiled recover ends its rollout.
func TestTheCompiledDeployersSwitchAtMoto(t *testing.T) {
	t.Parallel()
	deployer, recovers := runtimetest.Build(t, "./functions/deployer"), runtimetest.Build(t, "./functions/recover")
	moto := startMoto(t)
	client, l := schedulesOf(t, moto), newLab(t)
	stack := guarded()
	stack["AWS_ENDPOINT_URL_SCHEDULER"] = moto
	left := func() (names []string) {
		out, err := client.ListSchedules(t.Context(), &scheduler.ListSchedulesInput{GroupName: aws.String(stack["SCHEDULE_GROUP"])})
		require.NoError(t, err)
		for _, s := range out.Schedules {
			names = append(names, aws.ToString(s.Name))
		}
		return names
	}
	request := `{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 2, "interval": 3, "poll-interval": 1, "health-check": false}`
	invoke := func(time time.Duration) (*runtimetest.Process, chan runtimetest.Result) {
		process, results := l.start(t, "meta-deployer", deployer, stack), make(chan runtimetest.Result, 1)
		go func() { results <- process.Invoke([]byte(request), time) }()
		l.until(t, "live", split)
		return process, results
	}
	_, results := invoke(timeout)
	assert.Len(t, left(), 1, "while it runs")
	l.answered(t, <-results, "succeeded")
	assert.Empty(t, left(), "at its end")

	l.touch(func(w *sim.World) {
		require.NoError(t, w.ChangeAlias("owner", "checkout", "live", func(a *target.Alias) { a.Routing = rollout.Routing{Primary: "1"} }))
	})
	process, results := invoke(20 * time.Second)
	process.Kill()
	<-results
	names := left()
	require.Len(t, names, 1)
	s, err := client.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: &names[0], GroupName: aws.String(stack["SCHEDULE_GROUP"])})
	require.NoError(t, err)
	var input deadman.Input
	require.NoError(t, json.Unmarshal([]byte(aws.ToString(s.Target.Input)), &input))
	assert.Equal(t, names[0], input.Driver)
	assert.Equal(t, input.End.Add(time.Minute).Truncate(time.Second), s.StartDate.UTC())

	second := l.start(t, "meta-deployer-recover", recovers, stack)
	require.Eventually(t, func() bool { // as Scheduler calls: again, until the driver's time is over
		result := second.Invoke([]byte(aws.ToString(s.Target.Input)), timeout)
		require.Empty(t, result.ErrorType, result.ErrorMessage)
		return !l.alias(t, "live").Routing.Split()
	}, patience, time.Second)
	assert.Empty(t, left(), "recover deletes what it has acted on")
}
