// Command functions measures the functions, each figure beside its floor from the same run: a bare handler with the same SDK
// clients, or the least that anybody could do. It writes what it found into docs/benchmarks.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/meta-deployer/meta-deployer/bench/benchmarks"
)

func main() {
	docs := flag.String("docs", "../docs", "the directory of benchmarks.md")
	starts := flag.Int("starts", 60, "how often every program is started")
	rollouts := flag.Int("rollouts", 25, "how often a whole rollout is run by a process")
	flag.Parse()
	if err := run(*docs, *starts, *rollouts); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// findings are everything that was measured.
type findings struct {
	starts   int
	rollouts int
	sizes    map[program]int
	started  map[program]start
	drives   map[program]drive
	counts   []counted
	returns  []returned
	turns    turns
}

func run(docs string, starts, rollouts int) error {
	directory, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	found, err := measure(directory, starts, rollouts)
	if err != nil {
		return err
	}
	report := found.report()
	fmt.Println(report)
	if err := os.MkdirAll(docs, 0o755); err != nil {
		return err
	}
	return benchmarks.Write(docs, "measured", report)
}

func measure(directory string, starts, rollouts int) (found findings, err error) {
	found.starts, found.rollouts = starts, rollouts
	say("building")
	if err = build(directory, thisMachine()); err != nil {
		return found, err
	}
	if found.sizes, err = sizes(filepath.Join(directory, "arm64")); err != nil {
		return found, err
	}
	say("starting")
	if found.started, err = startAll(directory, starts); err != nil {
		return found, err
	}
	say("rolling out")
	if found.drives, err = driveAll(directory, rollouts); err != nil {
		return found, err
	}
	say("simulating")
	if found.counts, err = countCalls(); err != nil {
		return found, err
	}
	if found.returns, err = timeReturns(); err != nil {
		return found, err
	}
	say("turning")
	found.turns, err = timeTurns()
	return found, err
}

// say tells whoever waits what comes next.
func say(what string) { fmt.Fprintln(os.Stderr, "bench:", what) }
