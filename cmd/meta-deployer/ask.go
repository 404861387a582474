package main

import (
	"bufio"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// ask is what a person asks for while a rollout runs: an action of a request, or to leave it.
type ask string

// leaveIt leaves the rollout where it stands.
const leaveIt ask = "leave"

// asks are what is asked for by Ctrl-C, until stop: on a terminal a question is put first. A second Ctrl-C while it stands, and
// any other signal, leaves.
func (c *console) asks() (asked <-chan ask, stop func()) {
	signals, to, done := make(chan os.Signal, 4), make(chan ask), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	questions := term.IsTerminal(int(c.in.Fd())) && term.IsTerminal(int(c.err.Fd()))
	send := func(what ask) {
		select {
		case to <- what:
		case <-done:
		}
	}
	go func() {
		var replies chan ask
		for {
			select {
			case <-done:
				return
			case what := <-replies:
				if replies = nil; what != "" {
					send(what)
				}
			case s := <-signals:
				if s != os.Interrupt || !questions || replies != nil {
					send(leaveIt)
					continue
				}
				replies = make(chan ask, 1)
				go c.question(replies)
			}
		}
	}()
	return to, func() {
		signal.Stop(signals)
		close(done)
	}
}

// question asks what is to become of the rollout.
func (c *console) question(reply chan<- ask) {
	_, _ = c.err.WriteString("\nleave it where it stands (l), pause it (p), go back (b)? anything else goes on: ")
	line, err := bufio.NewReader(c.in).ReadString('\n')
	switch answer := strings.ToLower(strings.TrimSpace(line)); {
	case err != nil, answer == "l":
		reply <- leaveIt
	case answer == "p":
		reply <- "pause"
	case answer == "b":
		reply <- "rollback"
	default:
		reply <- ""
	}
}
