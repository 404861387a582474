package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/meta-deployer/meta-deployer/internal/cli/drive"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/request"
)

// drive is the command that runs a rollout in this process.
func (c *console) drive() *cobra.Command {
	action := string(request.Deploy)
	command := &cobra.Command{
		Use: "run", Short: "Drive a rollout from here, with your own credentials and nothing installed", Args: onlyFlags,
		Long: "Drive a rollout from here, with your own credentials and nothing installed in the account.\n" +
			"It lasts as long as this process. Ctrl-C on a terminal asks whether to leave it, pause it or go back;\n" +
			"without one it leaves the rollout where it stands, and nobody watches it until the same command runs again.",
	}
	k := keyed(command)
	command.Flags().StringVar(&action, "action", action, "what to do from here: deploy, plan, status, rollback, promote, pause, resume or rehearse")
	command.RunE = func(command *cobra.Command, _ []string) error {
		cfg, err := c.aws(command.Context())
		if err != nil {
			return err
		}
		raw, r, err := k.request(c.in, request.Action(action), request.Home{Region: cfg.Region, Poll: drive.Poll})
		if err != nil {
			return err
		}
		host, err := os.Hostname()
		if err != nil {
			host = "terminal"
		}
		d := drive.Driver{
			Accounts: account.Of(cfg), Clock: c.clock, Region: cfg.Region,
			ID: fmt.Sprintf("%s-%d-%s", host, os.Getpid(), c.clock.Now().UTC().Format("20060102T150405.000")),
		}
		if r.Action == request.Deploy {
			c.driving(command.Context(), d, raw, r)
			return nil
		}
		ctx, stop := interruptible(command.Context())
		defer stop()
		e := d.Ask(ctx, r.Action, raw)
		if ctx.Err() != nil {
			c.code = ending.Interrupted
			return nil
		}
		c.end(e, r.Action, false)
		return nil
	}
	return command
}

// driving runs a rollout, and does what somebody asks for meanwhile.
func (c *console) driving(ctx context.Context, d drive.Driver, raw []byte, r request.Request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	v := c.view(r, true)
	d.Seen = v.happened
	var end ending.Ending
	var left bool
	c.attend(v, func() { end, left = d.Run(ctx, leaving, raw) }, func(action request.Action) ending.Ending {
		return d.Ask(ctx, action, raw)
	}, func() {
		if leaving.Err() != nil {
			cancel() // asked for twice
		}
		v.note("it is left where it stands, after the call that is under way")
		leave()
	})
	if !left {
		c.end(end, request.Deploy, true)
		return
	}
	c.code = ending.Interrupted
	c.note("left where it stands; nobody watches it now")
	c.commands("to go on", c.again(), "to send it back", c.command("run --action rollback", r))
}

// again is this call of the program, for a shell.
func (c *console) again() string { return quoted(append([]string{"meta-deployer"}, os.Args[1:]...)) }
