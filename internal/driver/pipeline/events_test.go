package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/goldentest"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// payloads are those that people copy.
const payloads = "../../../events/pipeline/*.json"

// firstJob is the job by which the rollout of goes-on.json began.
const firstJob = "3f2c81d2-5cd9-4a5c-8c3b-9a1c00000000"

// codePipeline takes the replies of jobs; each of errors fails one of them first.
type codePipeline struct {
	errors []error
	// hangs has that many attempts last until they are given up.
	hangs int
	told  []told
}

type told struct {
	Job   string
	Reply pipeline.Reply
}

func (p *codePipeline) Reply(ctx context.Context, job string, r pipeline.Reply) error {
	p.told = append(p.told, told{job, r})
	if p.hangs > 0 {
		p.hangs--
		<-ctx.Done()
		return target.ErrUnavailable
	}
	if len(p.errors) == 0 {
		return nil
	}
	err := p.errors[0]
	p.errors = p.errors[1:]
	return err
}

// shop is the account that the payloads are meant for. A rollout of version 2 is running where they are about one.
func shop(t *testing.T, running bool) *sim.World {
	w := sim.New()
	for _, version := range []string{"1", "2"} {
		w.Publish("checkout", version, sim.Version{})
	}
	live := target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "front door"}
	if running {
		live.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 60_00}
		live.Description += " [meta-deployer 1>2 at 60% step 3/5 +9m30s by " + rollout.DriverToken(firstJob) + " id 20260105-085000000-3a88]"
	}
	require.NoError(t, w.CreateAlias("checkout", "live", live))
	require.NoError(t, w.CreateAlias("checkout", "candidate", target.Alias{Routing: rollout.Routing{Primary: "2"}}))
	w.SetTraffic("checkout", "live", sim.Constant(20))
	return w
}

// driver is a pipeline's driver in a world, whose log is in the buffer.
func driver(w *sim.World, jobs pipeline.Jobs) (pipeline.Driver, *bytes.Buffer) {
	var log bytes.Buffer
	d := scenario.Deployer(w, slog.New(slog.NewJSONHandler(&log, nil)))
	return pipeline.Driver{Accounts: d.Accounts, Jobs: jobs, Clock: d.Clock, Log: d.Log, Caller: d.Caller}, &log
}

// outcome is what became of an event.
type outcome struct {
	Told  []told `json:",omitempty"`
	Error string `json:",omitempty"`
}

// Every payload under events/pipeline is what CodePipeline sends, and the replies to it, and to it mangled, are golden. Nothing
// of it but the request comes into the log.
func TestEvents(t *testing.T) {
	for name, payload := range goldentest.Payloads(t, payloads) {
		t.Run(name, func(t *testing.T) {
			decodeStrictly(t, payload)
			outcomes := map[string]outcome{}
			for mangling, mangled := range mangle(t, payload) {
				outcomes[mangling] = try(t, mangled, strings.HasPrefix(name, "goes-on") || name == "rollback")
			}
			goldentest.CompareJSON(t, filepath.Join("testdata", name+".json"), outcomes)
		})
	}
}

// decodeStrictly fails where a payload has a key that no event of CodePipeline has: docs/fidelity.md says who says so.
func decodeStrictly(t *testing.T, payload []byte) {
	t.Helper()
	type artifact struct {
		Name     string
		Revision *string
		Location struct {
			Type       string
			S3Location struct{ BucketName, ObjectKey string }
		}
	}
	var event struct {
		Job struct {
			ID, AccountID string
			Data          struct {
				ActionConfiguration struct {
					Configuration struct{ FunctionName, UserParameters string }
				}
				InputArtifacts, OutputArtifacts []artifact
				ArtifactCredentials             struct {
					AccessKeyID, SecretAccessKey, SessionToken string
					ExpirationTime                             int64
				}
				ContinuationToken string
				EncryptionKey     struct{ ID, Type string }
			}
		} `json:"CodePipeline.job"`
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&event))
	assert.LessOrEqual(t, len(event.Job.Data.ActionConfiguration.Configuration.UserParameters), 1000)
	assert.LessOrEqual(t, len(event.Job.Data.ContinuationToken), 2048)
}

// mangle makes what may come instead of a payload.
func mangle(t *testing.T, payload []byte) map[string][]byte {
	t.Helper()
	change := func(do func(job, data, configuration map[string]any)) []byte {
		var event map[string]map[string]any
		require.NoError(t, json.Unmarshal(payload, &event))
		job := event["CodePipeline.job"]
		data := job["data"].(map[string]any)
		do(job, data, data["actionConfiguration"].(map[string]any)["configuration"].(map[string]any))
		raw, err := json.Marshal(event)
		require.NoError(t, err)
		return raw
	}
	type object = map[string]any
	return map[string][]byte{
		"as it is":                  payload,
		"truncated":                 payload[:len(payload)/2],
		"empty":                     {},
		"null":                      []byte("null"),
		"a list":                    []byte("[" + string(payload) + "]"),
		"no job":                    []byte(`{"CodePipeline": {}}`),
		"without an id":             change(func(job, _, _ object) { delete(job, "id") }),
		"a number for the id":       change(func(job, _, _ object) { job["id"] = 7 }),
		"a number for the data":     change(func(job, _, _ object) { job["data"] = 7 }),
		"without UserParameters":    change(func(_, _, c object) { delete(c, "UserParameters") }),
		"an object for the request": change(func(_, _, c object) { c["UserParameters"] = object{"alias": "live"} }),
		"an action of others": change(func(_, _, c object) {
			c["UserParameters"] = `{"action":"status","function-name":"checkout","alias":"live"}`
		}),
		"a number for the token": change(func(_, data, _ object) { data["continuationToken"] = 7 }),
		"null for the token":     change(func(_, data, _ object) { data["continuationToken"] = nil }),
		"a token of the future": change(func(_, data, _ object) {
			data["continuationToken"] = `{"driver":"d","began":"2027-01-05T09:00:00Z","token":{"format":1}}`
		}),
		"a token of another version": change(func(_, data, _ object) {
			data["continuationToken"] = `{"driver":"d","began":"2026-01-05T08:00:00Z","token":{"format":9}}`
		}),
	}
}

// try has one call made.
func try(t *testing.T, payload []byte, running bool) outcome {
	t.Helper()
	w, jobs := shop(t, running), &codePipeline{}
	d, log := driver(w, jobs)
	ctx, _, cancel := w.Begin(sim.Invocation{ID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd"})
	defer cancel()
	answer, err := d.Invoke(ctx, payload)
	o := outcome{Told: jobs.told}
	for i := range o.Told {
		if token := &o.Told[i].Reply.Token; *token != "" {
			assert.LessOrEqual(t, len(*token), 2048)
			*token = "a token"
		}
	}
	if err != nil {
		o.Error = err.Error()
		assert.ErrorAs(t, err, new(pipeline.UnknownEvent))
		assert.Empty(t, jobs.told)
	} else {
		assert.Len(t, jobs.told, 1, "a job has exactly one reply")
		assert.JSONEq(t, "null", string(answer))
	}
	for _, secret := range []string{"wJalrXUtnFEMI", "AKIAIOSFODNN7EXAMPLE", `"token"`, "sessionToken", "arn:aws:kms", "example-bucket", "test/key", "6415-4127-80b1", "eyJub3QiOiJvdXJzIn0", `\"began\"`} {
		assert.NotContains(t, log.String(), secret)
	}
	return o
}

// SAM's own generator made the first payload, and the others are of its shape.
func TestEventsAreOfSAMsShape(t *testing.T) {
	shape := func(raw []byte) []string {
		var event map[string]map[string]any
		require.NoError(t, json.Unmarshal(raw, &event))
		keys := slices.Collect(maps.Keys(event["CodePipeline.job"]))
		data := event["CodePipeline.job"]["data"].(map[string]any)
		delete(data, "continuationToken")
		delete(data, "encryptionKey")
		keys = slices.AppendSeq(keys, maps.Keys(data))
		slices.Sort(keys)
		return keys
	}
	all := goldentest.Payloads(t, payloads)
	for name, raw := range all {
		assert.Equal(t, shape(all["sam-generate-event"]), shape(raw), name)
	}
}
