// Local serves the simulated account at an address, in real time and with living traffic, in AWS's own protocols: the AWS
// CLI and the SDKs work with it as with AWS. Invoking meta-deployer there runs the real deployer in that account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/endpoint"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout))
}

// run serves until ctx ends; it returns the exit status.
func run(ctx context.Context, arguments []string, out io.Writer) int {
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	address := flags.String("addr", "127.0.0.1:3001", "where to listen; it asks nobody who they are, so keep it at home")
	speed := flags.Float64("speed", 1, "how fast the account's time passes: 60 is a minute a second")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil || flags.NArg() > 0 || *speed <= 0:
		fmt.Fprintln(out, "usage: local [-addr 127.0.0.1:3001] [-speed 1]")
		return 2
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		fmt.Fprintf(out, "cannot listen, choose another address with -addr: %v\n", err)
		return 1
	}
	began := time.Now().UTC()
	now := func() time.Time { return began.Add(time.Duration(float64(time.Since(began)) * *speed)) }
	e := endpoint.New(shop(began, out), now)
	server := &http.Server{Handler: e.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go e.Run(ctx)
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	guide(out, "http://"+listener.Addr().String(), *speed)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(out, err)
		return 1
	}
	return 0
}

// guide says what there is and what to type next.
func guide(out io.Writer, url string, speed float64) {
	pace := "in real time"
	if speed != 1 {
		pace = fmt.Sprintf("%g times as fast as the real time", speed)
	}
	fmt.Fprintf(out, `A simulated AWS account is at %[1]s, %[2]s. Stop it with Ctrl-C.

  checkout       a function with ten calls a second on its alias live, which is at version 1;
                 version 2 (alias candidate) is as good, version 3 fails one call in five
  meta-deployer  the deployer, as it runs on Lambda; what takes longer than 15 minutes it hands over to the state machine
                 meta-deployer-rollout, which runs here too

In every other terminal, in this directory (any credentials will do), and every aws command works there; docs/quickstart.md leads on:

  export AWS_ENDPOINT_URL=%[1]s AWS_REGION=%[3]s AWS_DEFAULT_REGION=%[3]s
  export AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=me AWS_PAGER=
  alias deployer='aws lambda invoke --function-name meta-deployer --cli-read-timeout 0'

  # Shift checkout to version 2 in ten steps of a minute. The answer comes at the end.
  deployer --payload fileb://events/deployer/linear.json out.json; cat out.json

  # Meanwhile, in another of them: the split moves, and so do the numbers.
  watch -n 1 aws lambda get-alias --function-name checkout --name live

  # A call of your own runs on the version that the weights choose, and counts; version 3 fails one in five of them too.
  aws lambda invoke --function-name checkout:live out.json

  # The bad one: it is back at the old version by itself.
  echo '{"function-name": "checkout", "alias": "live", "new-version": "3", "type": "canary", "interval": 300}' > bad.json
  deployer --payload fileb://bad.json out.json; cat out.json

  # An alarm stops a rollout that names it in "alarms"; so does moving the alias by hand.
  aws cloudwatch set-alarm-state --alarm-name checkout-errors --state-value ALARM --state-reason test

Every change of an alias:

`, url, pace, region)
}
