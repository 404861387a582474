// The demo plays rollouts in a simulated account, in virtual time, through the handler that Lambda runs, and shows what
// happens as the CLI's screen does. Without arguments it plays a few of the scenarios of internal/sim/scenario/testdata; give it
// others by name, or files. With -transcript it shows everything that happened, and every answer as it was.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
)

// usual are the scenarios for those who ask for none.
func usual() []string {
	return []string{"healthy-linear", "failing-rolled-back", "killed-and-resumed", "duplicate-invocation"}
}

// watchable is how long the whole demo takes where somebody watches.
const watchable = 22 * time.Second

func main() {
	os.Exit(run(os.Args[1:], terminal(os.Stdout, watchable)))
}

// run does what the arguments say; it returns the exit status.
func run(arguments []string, s screen) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	list := flags.Bool("list", false, "list the scenarios and what they are about")
	everything := flags.Bool("transcript", false, "show everything that happened, and every answer as it was")
	svg := flags.Bool("svg", false, "write the last picture of one scenario as an SVG file, to standard output")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: demo [-list] [-transcript] [-svg] [scenario or file.json ...]")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	names, show := flags.Args(), tell
	switch {
	case *list:
		show = describe
	case *everything:
		show = play
	case *svg:
		show = paint
	}
	switch {
	case len(names) > 0:
	case *list:
		names = scenario.Names()
	default:
		names = usual()
	}
	s.time /= time.Duration(len(names))
	status := 0
	for _, name := range names {
		if err := show(s, name); err != nil {
			s.line(s.bad(err.Error()))
			status = 1
		}
	}
	return status
}

// describe says what a scenario is about.
func describe(s screen, name string) error {
	told, err := scenario.Load(name)
	if err != nil {
		return err
	}
	s.line(s.strong(name))
	s.paragraph("  ", told.About, s.usual)
	return nil
}

// play plays a scenario and shows it. It fails where the scenario did not end as it says.
func play(s screen, name string) error {
	tape, err := record(name)
	if err != nil {
		return err
	}
	transcript{screen: s, tape: tape, last: map[string]scenario.Event{}}.run()
	if len(tape.Problems()) > 0 {
		return fmt.Errorf("scenario %s did not end as it says", name)
	}
	return nil
}
