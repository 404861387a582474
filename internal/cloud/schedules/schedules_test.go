package schedules_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/schedules"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const (
	function = "arn:aws:lambda:eu-central-1:123456789012:function:meta-deployer-recover"
	role     = "arn:aws:iam::123456789012:role/schedule"
)

// life is the switch of a driver.
var life = target.Switch{
	Driver: "3f2c81d2-9a1c07d3e4f5", First: time.Date(2026, 1, 5, 9, 16, 0, 5e8, time.FixedZone("CET", 3600)), Every: 10 * time.Minute,
	Input: []byte(`{"driver":"3f2c81d2-9a1c07d3e4f5"}`),
}

// serve has Scheduler answer everything in one way.
func serve(t *testing.T, a wiretest.Answer) (*wiretest.Server, schedules.Schedules) {
	t.Helper()
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return a })
	return server, schedules.New(cloud.Load(server.Getenv), function, "meta-deployer", role)
}

func TestWhatSchedulerIsTold(t *testing.T) {
	server, s := serve(t, wiretest.Answer{})
	const body = `{"Description":"Calls recover for a rollout whose driver is dead. The driver deletes it when it ends.",` +
		`"FlexibleTimeWindow":{"Mode":"OFF"},"GroupName":"meta-deployer","ScheduleExpression":"rate(10 minutes)","StartDate":1767600960,` +
		`"Target":{"Arn":"` + function + `","Input":"{\"driver\":\"3f2c81d2-9a1c07d3e4f5\"}","RoleArn":"` + role + `"}`
	require.NoError(t, s.SetSwitch(t.Context(), life))
	made := server.Calls("scheduler:CreateSchedule")
	require.Len(t, made, 1)
	assert.Equal(t, "/schedules/3f2c81d2-9a1c07d3e4f5", made[0].Path)
	clientToken := `"ClientToken":"` + made[0].Body.(map[string]any)["ClientToken"].(string) + `",`
	assert.JSONEq(t, "{"+clientToken+body[1:]+"}", string(made[0].Raw))

	hourly := life
	hourly.Every = time.Hour
	require.NoError(t, s.MoveSwitch(t.Context(), hourly))
	moved := server.Calls("scheduler:UpdateSchedule")
	require.Len(t, moved, 1)
	assert.Equal(t, "rate(60 minutes)", moved[0].Body.(map[string]any)["ScheduleExpression"])
	assert.NotEmpty(t, moved[0].Body.(map[string]any)["Target"], "what is not given is reset")

	require.NoError(t, s.DeleteSwitch(t.Context(), life.Driver))
	deleted := server.Calls("scheduler:DeleteSchedule")
	require.Len(t, deleted, 1)
	assert.Equal(t, "/schedules/3f2c81d2-9a1c07d3e4f5", deleted[0].Path)
	assert.Equal(t, "meta-deployer", deleted[0].Query.Get("groupName"))
}

func TestWhatSchedulerAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer            wiretest.Answer
		set, move, remove error
	}{
		"it exists already":   {wiretest.Fail(http.StatusConflict, "ConflictException", "exists"), nil, target.ErrUnavailable, target.ErrUnavailable},
		"there is none":       {wiretest.Fail(http.StatusNotFound, "ResourceNotFoundException", "no group"), target.ErrNotFound, target.ErrNotFound, nil},
		"it may not":          {wiretest.Fail(http.StatusForbidden, "AccessDeniedException", "no"), target.ErrDenied, target.ErrDenied, target.ErrDenied},
		"it is wrong":         {wiretest.Fail(http.StatusBadRequest, "ValidationException", "bad"), target.ErrRefused, target.ErrRefused, target.ErrRefused},
		"too many of them":    {wiretest.Fail(http.StatusPaymentRequired, "ServiceQuotaExceededException", "many"), target.ErrUnavailable, target.ErrUnavailable, target.ErrUnavailable},
		"Scheduler is not up": {wiretest.Fail(http.StatusInternalServerError, "InternalServerException", "x"), target.ErrUnavailable, target.ErrUnavailable, target.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t, tt.answer)
			for err, want := range map[*error]error{new(s.SetSwitch(t.Context(), life)): tt.set, new(s.MoveSwitch(t.Context(), life)): tt.move, new(s.DeleteSwitch(t.Context(), "x")): tt.remove} {
				if want == nil {
					assert.NoError(t, *err)
				} else {
					assert.ErrorIs(t, *err, want)
				}
			}
		})
	}
	_, s := serve(t, wiretest.Fail(http.StatusForbidden, "AccessDeniedException", "no"))
	assert.Equal(t, "give the role that calls the permission scheduler:CreateSchedule", target.Remedy(s.SetSwitch(t.Context(), life)))
}

func TestAStackWithoutSwitchesHasNone(t *testing.T) {
	server, _ := serve(t, wiretest.Answer{})
	cfg := cloud.Load(server.Getenv)
	assert.Nil(t, schedules.Switches(cfg, "", "g", role))
	assert.Nil(t, schedules.MovableSwitches(cfg, "", "g", role))
	assert.NotNil(t, schedules.Switches(cfg, function, "g", role))
	assert.NotNil(t, schedules.MovableSwitches(cfg, function, "g", role))
}
