package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/payload"
	"github.com/meta-deployer/meta-deployer/internal/request"
)

// usualDeployer is what the deployer is called where nobody has chosen, and deployerVariable names another.
const (
	usualDeployer    = "meta-deployer"
	deployerVariable = "META_DEPLOYER"
)

// asked gives a command the flag for the deployer that it asks.
func (c *console) asked(command *cobra.Command) {
	command.Flags().StringVar(&c.deployer, "deployer", cmp.Or(c.getenv(deployerVariable), usualDeployer),
		"the deployer's function by name or ARN; "+deployerVariable+" otherwise")
}

// actions are the commands that are one question and one answer.
func (c *console) actions() []*cobra.Command {
	var commands []*cobra.Command
	for _, a := range []struct {
		action request.Action
		short  string
	}{
		{request.Plan, "Show what a deploy would do, and what would be refused; changes nothing"},
		{request.Status, "Show what the alias says now, and how the running rollout does; changes nothing"},
		{request.Rollback, "Put all traffic back on the old version of the running rollout"},
		{request.Promote, "Go to 100 % now, after one passing verdict"},
		{request.Pause, "Hold the running rollout at its weight; a failure still sends it back"},
		{request.Resume, "Let the running rollout go on, or approve its stage"},
		{request.Rehearse, "Replay recorded traffic through a plan; changes nothing"},
	} {
		command := &cobra.Command{Use: string(a.action), Short: a.short, Args: onlyFlags}
		k := keyed(command)
		c.asked(command)
		command.RunE = func(command *cobra.Command, _ []string) error {
			cfg, err := c.aws(command.Context())
			if err != nil {
				return err
			}
			raw, _, err := k.request(c.in, a.action, request.Home{Region: cfg.Region})
			if err != nil {
				return err
			}
			ctx, stop := interruptible(command.Context())
			defer stop()
			e := c.follower(cfg).Ask(ctx, a.action, raw)
			if ctx.Err() != nil {
				c.code = ending.Interrupted
				return nil
			}
			c.end(e, a.action, false)
			return nil
		}
		commands = append(commands, command)
	}
	return commands
}

// followed gives a command the flags of how it follows.
func (c *console) followed(command *cobra.Command) {
	c.asked(command)
	command.Flags().DurationVar(&c.every, "every", 5*time.Second, "how often the status is asked for")
	command.Flags().DurationVar(&c.timeout, "timeout", 0, "for how long the rollout is followed; 0 is to its end, and 20m for an event to the deployer")
}

// deploy is the command that begins a rollout and follows it.
func (c *console) deploy() *cobra.Command {
	wait := true
	command := &cobra.Command{
		Use: "deploy", Short: "Begin a rollout at the deployer and follow it to its end", Args: onlyFlags,
		Long: "Begin a rollout at the deployer and follow it to its end. It is handed over to the stack's long engine,\n" +
			"or the deployer is invoked as an event where there is none: either works on by itself, and Ctrl-C,\n" +
			"or a connection that is lost, leaves the rollout alone.",
	}
	k := keyed(command)
	c.followed(command)
	command.Flags().BoolVar(&wait, "wait", true, "follow it to its end, and not only see it begin")
	command.RunE = func(command *cobra.Command, _ []string) error {
		return c.following(command, k, request.Deploy, wait)
	}
	return command
}

// wait is the command that follows a rollout which is on.
func (c *console) wait() *cobra.Command {
	command := &cobra.Command{Use: "wait", Short: "Follow the rollout that is on to its end; changes nothing", Args: onlyFlags}
	k := keyed(command)
	c.followed(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		return c.following(command, k, request.Status, true)
	}
	return command
}

// following follows a rollout: one that it deploys, or the one that is on.
func (c *console) following(command *cobra.Command, k *keys, action request.Action, wait bool) error {
	if c.every <= 0 || c.timeout < 0 {
		return fmt.Errorf("--every is %s and --timeout is %s: give a time above 0, and one that is not below it", c.every, c.timeout)
	}
	cfg, err := c.aws(command.Context())
	if err != nil {
		return err
	}
	raw, r, err := k.request(c.in, action, request.Home{Region: cfg.Region})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(command.Context())
	defer cancel()
	f, v := c.follower(cfg), c.view(r, false)
	f.Planned, f.Seen = v.planned, v.seen
	var e ending.Ending
	c.attend(v, func() {
		if action == request.Deploy {
			e = f.Deploy(ctx, raw, wait)
		} else {
			e = f.Wait(ctx, raw, r.Plan.NewVersion)
		}
	}, func(action request.Action) ending.Ending {
		return f.Ask(ctx, action, payload.Without(raw, action, "hand-off", "rollout-id", "force", "emergency"))
	}, cancel)
	left := ctx.Err() != nil
	if left || e.Failure != nil && e.Failure.Type == ending.TimedOut {
		c.note("the rollout is left alone")
		c.commands("to follow it", c.command("wait", r), "to send it back", c.command("rollback", r))
	}
	if left {
		c.code = ending.Interrupted
		return nil
	}
	c.end(e, request.Deploy, true)
	return nil
}

// command is what to type for another command about the same rollout.
func (c *console) command(name string, r request.Request) string {
	words := append([]string{"meta-deployer"}, strings.Fields(name)...)
	words = append(words, "--function-name", r.Plan.Function, "--alias", r.Plan.Alias)
	deployer := c.deployer
	if deployer == usualDeployer {
		deployer = ""
	}
	for _, flag := range [][2]string{{"--role-arn", r.RoleARN}, {"--deployer", deployer}, {"--profile", c.profile}, {"--region", c.region}} {
		if flag[1] != "" {
			words = append(words, flag[0], flag[1])
		}
	}
	return quoted(words)
}

// quoted are words as a shell takes them.
func quoted(words []string) string {
	safe := slices.Clone(words)
	for i, word := range words {
		if word == "" || strings.ContainsAny(word, " \t\n\"'`$\\!*?[]{}()<>|&;#~") {
			safe[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(safe, " ")
}
