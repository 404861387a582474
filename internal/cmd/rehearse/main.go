// Rehearse replays the recorded minutes of a function through a few plans, and shows what would have been decided and when:
// the old version against itself, and with failures of 1, 10 and 100 % added to the new one. Without arguments it takes the
// record shipped in internal/sim/testdata/recorded; give it another, a CSV of minute,invocations,errors.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rehearsal"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// plans are what is rehearsed where no request is given.
func plans() []string {
	return []string{
		`"steps": 10, "interval": 60`,
		`"type": "canary", "weight": 5, "interval": "5m"`,
		`"type": "auto", "health-check": {"max-failed-invocations": 10}`,
		`"steps": 10, "interval": 60, "health-check": {"errors": "any"}`,
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run does what the arguments say; it returns the exit status.
func run(arguments []string, out, problems io.Writer) int {
	flags := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	flags.SetOutput(problems)
	plan := flags.String("plan", "", `the keys of one request to rehearse instead, such as '"type": "canary", "weight": 1'`)
	flags.Usage = func() {
		fmt.Fprintln(problems, "usage: rehearse [-plan keys] [record.csv]")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	name, keys := "checkout", plans()
	if flags.NArg() > 0 {
		name = flags.Arg(0)
	}
	if *plan != "" {
		keys = []string{*plan}
	}
	if err := rehearse(out, name, keys); err != nil {
		fmt.Fprintln(problems, err)
		return 1
	}
	return 0
}

// rehearse replays a record through plans.
func rehearse(out io.Writer, name string, keys []string) error {
	minutes, err := sim.Recorded(name)
	if err != nil {
		return err
	}
	since, until := minutes[0].Start, minutes[len(minutes)-1].Start.Add(time.Minute)
	record := rehearsal.NewRecord(since, until, minutes)
	fmt.Fprintf(out, "%s: %s of recorded minutes from %s\n", name, until.Sub(since), since.Format(time.RFC3339))
	for _, k := range keys {
		request, err := request.Parse([]byte(`{"action": "rehearse", "function-name": "f", "alias": "live", `+k+`}`), request.Home{})
		if err != nil {
			return err
		}
		cases := record.Rehearse(request.Plan, nil)
		if err := table(out, k, cases); err != nil {
			return err
		}
		fmt.Fprintf(out, "of the first row, the old version against itself, %s\n", rehearsal.ByChance(request.Plan, cases[0].Rollouts))
	}
	return nil
}

// table shows how one plan did.
func table(out io.Writer, plan string, cases []rehearsal.Case) error {
	fmt.Fprintf(out, "\n%s\n", plan)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "added failures\trollouts\trolled back\tafter (median)\tfailed until then (median)\t")
	for _, c := range cases {
		after, failed := "-", "-"
		if c.MedianFailed != nil {
			after, failed = c.MedianTime, fmt.Sprintf("%.0f", *c.MedianFailed)
		}
		fmt.Fprintf(w, "%g %%\t%d\t%d\t%s\t%s\t\n", c.Added, c.Rollouts, c.RolledBack, after, failed)
	}
	return w.Flush()
}
