package endpoint_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/sim/accounttest"
)

func TestTheEndpointIsAnAccount(t *testing.T) {
	accounttest.Run(t, func(t *testing.T) accounttest.Fixture {
		w, f := accounttest.World(time.Now())
		e := endpoint.New(w, time.Now)
		go e.Run(t.Context())
		server := httptest.NewServer(e.Handler())
		t.Cleanup(server.Close)
		environment := map[string]string{
			"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
		}
		f.Account = account.Of(cloud.Load(func(key string) string { return environment[key] }))("", "")
		return f
	})
}
