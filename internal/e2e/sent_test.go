//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// sized is a request of exactly so many bytes, filled up by what fill makes of a text.
func sized(bytes int, fill func(text string) string) string {
	return fill(strings.Repeat("x", bytes-len(fill(""))))
}

// Numbers 16 to 26 of what people meet: what others send.
func TestWhatOthersSendInSituations(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	list := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	asked := func(answer string) func(*sim.World) {
		return func(w *sim.World) { w.SetHook("judge", sim.Hook{Answer: answer}) }
	}
	judge, pre, post := `"health-check": {"function": "judge"}`, `"hooks": {"pre-traffic": "judge"}`, `"hooks": {"post-traffic": "judge"}`
	inTime := `"max-duration": 25`
	compared := func(more string) string {
		return with(short, `"health-check": {"probes": [{"payload": {}, "every-step": true, "compare": {"ignore": []}`+more+`}]}`)
	}
	answers := func(bytes int) func(*sim.World) {
		return func(w *sim.World) {
			w.SetHook("checkout", sim.Hook{Answer: sized(bytes, func(text string) string { return `{"ok":"` + text + `"}` })})
		}
	}
	const most = 256 << 10
	asleep := func(w *sim.World) {
		w.RemoveHook("checkout")
		w.Publish("checkout", "2", sim.Version{Version: target.Version{State: "Inactive"}, WakesIn: 4 * time.Second})
	}
	isolated := func(w *sim.World) {
		w.RemoveHook("checkout")
		w.Publish("checkout", "2", sim.Version{Isolated: true})
	}
	unreadable := func(effect sim.Effect) func(*sim.World) { // from the first shift on
		return func(w *sim.World) {
			w.Faults = append(w.Faults, sim.Fault{On: sim.UpdateAlias, Call: 2, After: func() { w.Faults = append(w.Faults, sim.Fault{On: sim.GetMetrics, Effect: effect}) }})
		}
	}
	japanese := strings.Repeat("警", 255)
	alarm := func(w *sim.World) { w.SetAlarm(japanese, analysis.AlarmOK) }
	another := func(page int32) string { return fmt.Sprint("page ", page) }
	same := func(int32) string { return "page" }
	once := func(call int) bool { return call == 1 }
	everySecond := func(call int) bool { return call%2 == 0 }
	slowly := func(operation string) func(*lab) {
		return func(l *lab) { l.attack(operation, everySecond, slow(3500*time.Millisecond, true)) }
	}
	for name, s := range map[string]situation{
		"probes of 256 KB, compared": {world: answers(most), request: compared(""), ends: "succeeded", routings: live},
		"probes of a byte more":      {world: answers(most + 1), request: compared(""), ends: "RolledBack", says: []string{"larger than 256 KB"}},
		"a verdict of 300 KB":        {world: asked(sized(300_000, func(x string) string { return `{"status":"pass","reason":"` + x + `"}` })), request: with(short, judge+", "+inTime), ends: "RolledBack", says: []string{"!remembered as bad"}},
		"a hook's answer of 6 MB":    {world: asked(sized(6*megabyte, func(x string) string { return `{"status":"Succeeded","reason":"` + x + `"}` })), request: with(short, pre), ends: "RolledBack"},
		"a hook's answer that nests": {world: asked(`{"status":"Succeeded","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`), request: with(short, pre), ends: "RolledBack"},
		"a request of 256 KB": {request: sized(most, func(x string) string {
			return with(short, `"action": "plan", "health-check": {"probes": [{"payload": "`+x+`"}]}`)
		}), ends: "planned"},
		"a request of a byte more": {request: sized(most+1, func(x string) string {
			return with(short, `"action": "plan", "health-check": {"probes": [{"payload": "`+x+`"}]}`)
		}), ends: "InvalidRequest", says: []string{"give at most 262144"}},
		"a request of 6 MB of stages":      {request: with(short, `"type": "stages", "stages": [`+list(`{}`, 2_000_000)+`]`), ends: "InvalidRequest", says: []string{"give at most 262144"}},
		"stages without end":               {request: with(short, `"type": "stages", "stages": [`+list(`{}`, 80_000)+`]`), ends: "InvalidRequest", says: []string{"at most 1000"}},
		"probes without end":               {request: with(short, `"health-check": {"probes": [`+list(`{}`, 80_000)+`]}`), ends: "InvalidRequest", says: []string{"at most"}},
		"metrics without end":              {request: with(short, `"health-check": {"metrics": [`+list(`{}`, 80_000)+`]}`), ends: "InvalidRequest", says: []string{"at most"}},
		"keys that nobody knows":           {request: with(short, strings.TrimSuffix(manyKeys(20_000), ",")), ends: "InvalidRequest", says: []string{"more"}},
		"half a megabyte of keys":          {request: with(short, strings.TrimSuffix(manyKeys(500_000), ",")), ends: "InvalidRequest", says: []string{"give at most 262144"}},
		"a request that nests":             {request: with(short, `"health-check": `+strings.Repeat(`{"probes": [`, 15_000)), ends: "InvalidRequest"},
		"bytes that are no text":           {request: with(short, "\"a\xff\xfe\x00b\": 1, \"\\u007f\\u0085\\u202e\\u2028\": 1"), ends: "InvalidRequest"},
		"no UTF-8 at all":                  {request: "\x1f\x8b\x08\x00\x7f\x00\xff", ends: "InvalidRequest"},
		"a key in another case":            {request: with(short, `"Alias": "idle"`), ends: "InvalidRequest"},
		"a key twice in a probe's payload": {request: with(short, `"health-check": {"probes": [{"payload": {"a": [{"b": 1, "b": 2}]}}]}`), ends: "InvalidRequest", says: []string{"twice"}},
		"a key twice, written otherwise":   {request: with(short, `"al\u0069as": "idle"`), ends: "InvalidRequest", says: []string{"twice"}},
		"a verdict in two cases, fail":     {world: asked(`{"status": "fail", "STATUS": "pass"}`), request: with(short, judge), ends: "RolledBack", routings: []string{"version 1", "version 1 with 50 % on version 2", "version 1"}},
		"a verdict in two cases, pass":     {world: asked(`{"Status": "fail", "status": "pass", "STATUS": "fail"}`), request: with(short, judge), ends: "succeeded", routings: live},
		"a verdict twice":                  {world: asked(`{"status": "fail", "status": "pass"}`), request: with(short, judge+", "+inTime), ends: "RolledBack", says: []string{"given twice", "!remembered as bad"}},
		"a verdict in another case":        {world: asked(`{"STATUS": "pass"}`), request: with(short, judge+", "+inTime), ends: "RolledBack", says: []string{"!remembered as bad"}},
		"a hook in two cases":              {world: asked(`{"status": "Failed", "STATUS": "Succeeded"}`), request: with(short, pre), ends: "RolledBack", routings: []string{"version 1"}},
		"a hook in another case":           {world: asked(`{"Status": "Succeeded"}`), request: with(short, pre), ends: "RolledBack", routings: []string{"version 1"}},
		"a hook twice":                     {world: asked(`{"status": "Succeeded", "status": "Succeeded"}`), request: with(short, post), ends: "RolledBack", says: []string{"twice"}},
		"a version asleep, with a probe":   {world: asleep, request: with(short, `"health-check": {"probes": [{"payload": {}}]}`), ends: "succeeded", routings: live},
		"a version asleep, without":        {world: asleep, request: short, ends: "PreflightFailed", says: []string{"Inactive", "probe"}, routings: []string{"version 1"}},
		"a hook asleep": {world: func(w *sim.World) {
			w.SetHook("judge", sim.Hook{Answer: `{"status": "Succeeded"}`, Asleep: 8 * time.Second})
		}, request: with(short, pre), ends: "succeeded", routings: live},
		"a verdict asleep": {world: func(w *sim.World) {
			w.SetHook("judge", sim.Hook{Answer: `{"status": "pass"}`, Asleep: 6 * time.Second})
		}, request: with(short, judge), ends: "succeeded", routings: live},
		"an alarm of 255 characters":            {world: alarm, request: with(short, `"alarms": ["`+japanese+`"]`), ends: "succeeded", routings: live},
		"an alarm of a character more":          {world: alarm, request: with(short, `"alarms": ["`+japanese+`警"]`), ends: "InvalidRequest", says: []string{"at most 255 characters"}},
		"a partition without log alarms":        {world: func(w *sim.World) { w.NoLogAlarms = true }, request: with(short, `"alarms": ["checkout-errors"]`), ends: "succeeded", routings: live},
		"metrics that are slow":                 {lab: func(l *lab) { l.attack("GetMetricData", nil, slow(3500*time.Millisecond, true)) }, request: short, ends: "succeeded", routings: live},
		"an alias that is slow now and then":    {lab: slowly("GetAlias"), request: short, ends: "succeeded", routings: live},
		"writes that are slow now and then":     {lab: slowly("UpdateAlias"), request: short, ends: "succeeded", routings: live},
		"a tenant":                              {world: isolated, request: with(short, `"health-check": {"probes": [{"tenant-id": "blue"}]}`), ends: "succeeded", routings: live},
		"no tenant where one is wanted":         {world: isolated, request: with(short, inTime+`, "health-check": {"probes": [{}]}`), ends: "RolledBack", says: []string{"give a tenant-id"}},
		"a tenant where none is wanted":         {request: with(short, inTime+`, "health-check": {"probes": [{"tenant-id": "blue"}]}`), ends: "RolledBack", says: []string{"tenant"}},
		"a tenant that is no text for a header": {world: isolated, request: with(short, `"health-check": {"probes": [{"tenant-id": "blue\r\nX-Amz-Invocation-Type: Event"}]}`), ends: "InvalidRequest", says: []string{"tenant-id"}},
		"errors of AWS until the time is up":    {world: unreadable(sim.ServerError), request: with(short, inTime), ends: "RolledBack", says: []string{"ServiceException", "the time ran out"}},
		"throttled until the time is up":        {world: unreadable(sim.Throttled), request: with(short, inTime), ends: "RolledBack", says: []string{"ThrottlingException", "the time ran out"}},
		"a version without a state":             {lab: func(l *lab) { l.attack("GetFunctionConfiguration", nil, without("State")) }, request: short, ends: "succeeded", routings: live},
		"a snapshot that is restored later":     {lab: func(l *lab) { l.attack("Invoke", once, fails(http.StatusBadRequest, "SnapStartException")) }, request: with(short, `"health-check": {"probes": [{}]}`), ends: "succeeded", routings: live},
		"alarms without end, at the start":      {lab: func(l *lab) { l.attack("DescribeAlarms", nil, endlessPages(another)) }, request: with(short, `"alarms": ["checkout-errors"]`), ends: "PreflightFailed", says: []string{"more than 50 pages"}, routings: []string{"version 1"}},
		"alarms without end, later":             {lab: func(l *lab) { l.attack("DescribeAlarms", l.fromTheFirstShift, endlessPages(another)) }, request: with(short, inTime+`, "alarms": ["checkout-errors"]`), ends: "RolledBack", says: []string{"more than 50 pages", "!remembered as bad"}},
		"alarms that begin again": {lab: func(l *lab) {
			l.attack("DescribeAlarms", nil, endlessPages(same))
		}, request: with(short, `"alarms": ["checkout-errors"]`), ends: "PreflightFailed", says: []string{"token of the next page"}, routings: []string{"version 1"}},
		"series without end":          {lab: func(l *lab) { l.attack("GetMetricData", l.fromTheFirstShift, endless) }, request: with(short, inTime), ends: "RolledBack"},
		"a key that is near no other": {request: with(short, `"function": "x", "dry-run": true`), ends: "InvalidRequest", says: []string{"!did you mean action", "!did you mean days"}},
		"emergency as a boolean":      {request: with(short, `"emergency": true`), ends: "InvalidRequest", says: []string{`{"reason"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.check(t, path)
		})
	}
}

// manyKeys are so many that nobody knows.
func manyKeys(n int) string {
	var keys strings.Builder
	for i := range n {
		keys.WriteString(`"k`)
		for ; i > 0; i /= 26 {
			keys.WriteByte(byte('a' + i%26))
		}
		keys.WriteString(`":1,`)
	}
	return keys.String()
}

// endlessPages are pages of alarms without end, of which token makes each one's token for the next.
func endlessPages(token func(page int32) string) hostile {
	var page atomic.Int32
	answer := wire.Handler(func(context.Context, wire.Call) wire.Answer {
		return wire.Answer{Body: map[string]any{"MetricAlarms": []any{}, "NextToken": token(page.Add(1))}}
	})
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) { answer.ServeHTTP(w, r) }
}

// What Lambda refuses for what it is, is told at once: asked once, and not until a time is up.
func TestARefusedInvocationIsNotRepeated(t *testing.T) {
	t.Parallel()
	l, path := newLab(t), runtimetest.Build(t, "./functions/deployer")
	l.touch(func(w *sim.World) {
		w.RemoveHook("checkout")
		w.Publish("checkout", "2", sim.Version{Isolated: true})
	})
	result := l.start(t, "meta-deployer", path, nil).Invoke([]byte(with(short, `"health-check": {"probes": [{}]}`)), timeout)
	assert.Equal(t, "RolledBack", result.ErrorType, string(result.Answer))
	assert.Contains(t, result.ErrorMessage, "give a tenant-id")
	assert.NotContains(t, result.ErrorMessage, "remembered as bad")
	l.touch(func(w *sim.World) { assert.Equal(t, 1, w.Calls(sim.Invoke)) })
}

// What is secret in a request, or in what others answer, is in no log.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.touch(func(w *sim.World) {
		w.SetHook("checkout", sim.Hook{Answer: `{"ok": "hunter-answer"}`})
		w.SetHook("judge", sim.Hook{Answer: `{"status": "Succeeded", "token": "hunter-hook"}`})
	})
	p := l.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), nil)
	secret := with(short, `"role-arn": "arn:aws:iam::123456789012:role/deployer", "external-id": "hunter-id", "hooks": {"pre-traffic": "judge"},
		"health-check": {"probes": [{"payload": {"hunter-key": ["hunter-payload"]}, "tenant-id": ""}]}`)
	for _, request := range []string{
		strings.Replace(secret, `, "tenant-id": ""`, "", 1), secret,
		strings.Replace(secret, `"external-id"`, `"external-id": "hunter-twice", "external-id"`, 1),
		strings.Replace(secret, `"hunter-id"`, `["hunter-list"]`, 1), strings.Replace(secret, `"hunter-id"`, `"hunter-`+strings.Repeat("x", 4000)+`"`, 1),
		strings.TrimSuffix(secret, "}"),
	} {
		result := p.Invoke([]byte(request), timeout)
		assert.NotContains(t, result.ErrorMessage, "hunter-payload")
		survives(t, p)
	}
	for line := range strings.Lines(p.Log()) {
		assert.NotContains(t, line, "hunter")
	}
	assert.Contains(t, p.Log(), `digest `)
}

// Isolated regions have a private CA, whose certificates a file has.
func TestAPrivateCA(t *testing.T) {
	t.Parallel()
	l, path := newLab(t), runtimetest.Build(t, "./functions/deployer")
	server := httptest.NewUnstartedServer(l.intercept(l.endpoint.Handler()))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	for file, says := range map[string]string{bundle: `"findings":[]`, "/nowhere": "AWS_CA_BUNDLE is"} {
		p := l.start(t, "meta-deployer", path, map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_CA_BUNDLE": file})
		result := p.Invoke([]byte(with(short, `"action": "plan"`)), timeout)
		assert.Contains(t, string(result.Answer), says, result.ErrorMessage)
	}
}
