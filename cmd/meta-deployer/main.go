// Meta-deployer is the deployer at a terminal and in a job: it asks a stack's deployer, or drives a rollout itself.
package main

import (
	"context"
	"os"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

func main() {
	c := console{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, clock: target.WallClock()}
	os.Exit(c.run(context.Background(), os.Args[1:]))
}
