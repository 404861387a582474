package sim

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Control is the same account as other clients than the deployer see it: with what the deployer has no use for. Every
// question is a call, which takes time and may go wrong, as for the deployer.
type Control struct{ world *World }

// Control is the account as other clients see it.
func (w *World) Control() Control { return Control{w} }

// AliasChange is what Lambda is told of an alias. What is nil stays as it is.
type AliasChange struct {
	Version, Description *string
	// Weights are the shares of additional versions; empty clears them.
	Weights map[string]float64
	// Revision is the condition of the change; nil is none.
	Revision *string
}

// NamedAlias is an alias in a list.
type NamedAlias struct {
	Name string
	target.Alias
}

// CreateAlias is CreateAlias.
func (c Control) CreateAlias(ctx context.Context, by, function, name string, change AliasChange) (made target.Alias, err error) {
	err = c.world.call(ctx, "CreateAlias", func() error {
		if !validAlias(name) {
			return refused("ValidationException", "1 validation error detected: Value '"+name+"' at 'name' failed to satisfy constraint: "+
				"Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)")
		}
		if err := change.apply(&made); err != nil {
			return err
		}
		if err := c.world.createAlias(by, function, name, made); err != nil {
			return err
		}
		made, err = c.world.Alias(function, name)
		return err
	})
	return made, err
}

// UpdateAlias is UpdateAlias.
func (c Control) UpdateAlias(ctx context.Context, by, function, name string, change AliasChange) (made target.Alias, err error) {
	err = c.world.call(ctx, UpdateAlias, func() error {
		// A missing alias has no revision, and is refused below.
		to, _ := c.world.Alias(function, name)
		if change.Revision != nil {
			to.Revision = *change.Revision
		}
		if err := change.apply(&to); err != nil {
			return err
		}
		made, err = c.world.updateAlias(by, function, name, to)
		return err
	})
	return made, err
}

// apply makes the change. What Lambda thinks of the result is for function.accepts.
func (c AliasChange) apply(to *target.Alias) error {
	if c.Version != nil {
		to.Routing.Primary = *c.Version
	}
	if c.Description != nil {
		to.Description = *c.Description
	}
	if c.Weights == nil {
		return nil
	}
	if len(c.Weights) > 1 {
		return refused("InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	to.Routing.Secondary, to.Routing.Weight = "", 0
	for version, share := range c.Weights {
		to.Routing.Secondary, to.Routing.Weight = version, rollout.WeightFrom(share)
	}
	return nil
}

// validAlias holds names to (?!^[0-9]+$)([a-zA-Z0-9-_]+).
func validAlias(name string) bool {
	const digits = "0123456789"
	return strings.Trim(name, digits) != "" && strings.Trim(name, digits+"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == "" && len(name) <= 128
}

// DeleteAlias is DeleteAlias: no error where there is no such alias.
func (c Control) DeleteAlias(ctx context.Context, by, function, name string) error {
	return c.world.call(ctx, "DeleteAlias", func() error {
		if _, err := c.world.Alias(function, name); err != nil {
			return nil //nolint:nilerr // that is how Lambda has it
		}
		return c.world.DeleteAlias(by, function, name)
	})
}

// Aliases is ListAliases: of one version, or with "" all.
func (c Control) Aliases(ctx context.Context, function, version string) (aliases []NamedAlias, err error) {
	err = c.world.call(ctx, "ListAliases", func() error {
		f, err := c.world.function(function)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
			a := f.aliases[name]
			if !a.deleted && (version == "" || version == a.Routing.Primary || version == a.Routing.Secondary) {
				aliases = append(aliases, NamedAlias{name, a.Alias})
			}
		}
		return nil
	})
	return aliases, err
}

// Version is GetFunctionConfiguration of a version, an alias's primary version, or with "" or $LATEST the unpublished one,
// whose number is "".
func (c Control) Version(ctx context.Context, function, qualifier string) (version string, v target.Version, err error) {
	err = c.world.call(ctx, GetVersion, func() error {
		version = strings.TrimPrefix(qualifier, "$LATEST")
		if _, a, err := c.world.find(function, qualifier); err == nil {
			version = a.Routing.Primary
		}
		v, err = c.world.version(function, version)
		return err
	})
	return version, v, err
}

// Versions is ListVersionsByFunction, without the unpublished one.
func (c Control) Versions(ctx context.Context, function string) (numbers []string, err error) {
	err = c.world.call(ctx, "ListVersionsByFunction", func() error {
		f, err := c.world.function(function)
		if err != nil {
			return err
		}
		numbers = slices.Collect(maps.Keys(f.versions))
		slices.SortFunc(numbers, func(a, b string) int { return number(a) - number(b) })
		return nil
	})
	return numbers, err
}

// Publish is PublishVersion: a version that is healthy, with the role of the last one; that one itself where nothing has changed
// since.
func (c Control) Publish(ctx context.Context, function string) (version string, err error) {
	err = c.world.call(ctx, "PublishVersion", func() error {
		f, err := c.world.function(function)
		if err != nil {
			return err
		}
		last := 0
		for v := range f.versions {
			last = max(last, number(v))
		}
		if version = strconv.Itoa(last); last > 0 && f.code[version].change == f.changes {
			return nil
		}
		version = strconv.Itoa(last + 1)
		f.changes-- // publishing is no change
		c.world.Publish(function, version, Version{Version: target.Version{Role: f.versions[strconv.Itoa(last)].Role}})
		return nil
	})
	return version, err
}

// Invoke is Invoke, with the version that ran; "" where no alias chose one.
func (c Control) Invoke(ctx context.Context, i target.Invocation) (reply target.Reply, version string, err error) {
	err = c.world.call(ctx, Invoke, func() error {
		reply, version, err = c.world.invoke(ctx, i)
		return err
	})
	return reply, version, err
}

// Alarms is DescribeAlarms: the ones that are wanted, by their names.
func (c Control) Alarms(ctx context.Context, wanted func(name string) bool) (alarms []analysis.Alarm, err error) {
	err = c.world.call(ctx, DescribeAlarms, func() error {
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(c.world.alarms)), func(name string) bool { return !wanted(name) })
		alarms, err = c.world.describeAlarms(names)
		return err
	})
	return alarms, err
}

// SetAlarmState is SetAlarmState.
func (c Control) SetAlarmState(ctx context.Context, name string, state analysis.AlarmState) error {
	return c.world.call(ctx, "SetAlarmState", func() error {
		if c.world.alarms[name] == nil {
			return &Error{"ResourceNotFound", "Alarm " + name + " does not exist", target.ErrNotFound}
		}
		c.world.SetAlarm(name, state)
		return nil
	})
}

// number is a version as a number; 0 for none.
func number(version string) int {
	n, err := strconv.Atoi(version)
	if err != nil {
		return 0
	}
	return n
}

func (w *World) function(name string) (*function, error) {
	if w.functions[name] == nil {
		return nil, notFound("Function not found: " + arn(name))
	}
	return w.functions[name], nil
}
