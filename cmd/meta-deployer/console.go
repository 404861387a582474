package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/show"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/version"
)

// console is one call of the program: where it reads and writes, and what every command was told.
type console struct {
	in       *os.File
	out, err *os.File
	getenv   func(string) string
	clock    target.Clock

	profile, region, deployer, output string
	every, timeout                    time.Duration

	// code is the exit code.
	code int
}

// The values of --output.
const (
	asText     = "text"
	asJSON     = "json"
	asMarkdown = "markdown"
)

// run does what the arguments say; it returns the exit code.
func (c *console) run(ctx context.Context, arguments []string) int {
	root := &cobra.Command{
		Use: "meta-deployer", Short: "Shift an alias to a new version step by step, and back the moment it goes wrong",
		Version: version.Number, SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return c.check() },
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetArgs(arguments)
	flags := root.PersistentFlags()
	flags.StringVarP(&c.output, "output", "o", asText, "text, json or markdown")
	flags.StringVar(&c.profile, "profile", "", "the profile of AWS's shared configuration; AWS_PROFILE otherwise")
	flags.StringVar(&c.region, "region", "", "the region; AWS_REGION or the profile's otherwise")
	complete(root, "output", asText, asJSON, asMarkdown)
	root.AddCommand(c.actions()...)
	root.AddCommand(c.deploy(), c.wait(), c.drive(), c.report(), c.schema())
	switch err := root.ExecuteContext(ctx); {
	case errors.Is(err, errNoCredentials):
		c.end(ending.Failed(ending.CallFailed, err.Error()), request.Deploy, true)
	case err != nil:
		c.end(ending.Failed("InvalidRequest", err.Error()), request.Deploy, true)
		if c.output != asJSON {
			fmt.Fprintln(c.err, "meta-deployer --help lists the commands, and COMMAND --help the flags of one")
		}
	}
	return c.code
}

// check refuses what no command takes.
func (c *console) check() error {
	switch c.output {
	case asText, asJSON, asMarkdown:
		return nil
	}
	wrong := c.output
	c.output = asText
	return fmt.Errorf("--output is %q: give text, json or markdown", wrong)
}

// end writes how the command ended, and takes its exit code.
func (c *console) end(e ending.Ending, action request.Action, runs bool) {
	c.code = e.Code(action, runs)
	switch {
	case c.output == asJSON && e.Failure != nil:
		fmt.Fprintln(c.out, e.Failure.JSON())
	case c.output == asJSON:
		fmt.Fprintln(c.out, string(e.Raw))
	case c.output == asMarkdown:
		fmt.Fprint(c.out, show.Markdown(e))
	case e.Failure != nil:
		fmt.Fprint(c.err, show.Text(e, c.width()))
	default:
		fmt.Fprint(c.out, show.Text(e, c.width()))
	}
}

// line writes a line about what happens on the way, cut to the width.
func (c *console) line(text string) { fmt.Fprintln(c.aside(), show.Fit(text, c.width())) }

// note writes something about the way in full.
func (c *console) note(text string) {
	fmt.Fprintln(c.aside(), strings.Join(show.Wrap(text, c.width()), "\n"))
}

// commands writes commands to be copied, each behind what it is for and whole on its line.
func (c *console) commands(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(c.aside(), "%s:\n  %s\n", pairs[i], pairs[i+1])
	}
}

// aside is where the way is told: where the answer goes, but for an answer that a program reads.
func (c *console) aside() io.Writer {
	if c.output != asText {
		return c.err
	}
	return c.out
}

// width is how many characters a line may have.
func (c *console) width() int {
	if width, _, err := term.GetSize(int(c.out.Fd())); err == nil && width > 0 {
		return width
	}
	if width, err := strconv.Atoi(c.getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return 80
}

// interruptible is a context that ends at Ctrl-C, or where the program is asked to end.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// complete has the shell offer a flag's words.
func complete(command *cobra.Command, flag string, words ...string) {
	if err := command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // a flag that is not there
	}
}
