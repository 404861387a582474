package main

import (
	"bufio"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/meta-deployer/meta-deployer/internal/cli/screen"
)

// signals are what Ctrl-C asks for where there is no picture, until stop. With asks, and somebody at a terminal, a question is put
// first. A second Ctrl-C while it stands, and any other signal, leaves.
func (c *console) signals(asks bool) (asked <-chan screen.Ask, stop func()) {
	signals, to, done := make(chan os.Signal, 4), make(chan screen.Ask), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	asks = asks && term.IsTerminal(int(c.in.Fd())) && term.IsTerminal(int(c.err.Fd()))
	send := func(what screen.Ask) {
		select {
		case to <- what:
		case <-done:
		}
	}
	go func() {
		var replies chan screen.Ask
		for {
			select {
			case <-done:
				return
			case what := <-replies:
				if replies = nil; what != "" {
					send(what)
				}
			case s := <-signals:
				if s != os.Interrupt || !asks || replies != nil {
					send(screen.Leave)
					continue
				}
				replies = make(chan screen.Ask, 1)
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
func (c *console) question(reply chan<- screen.Ask) {
	const ctrlC = 3
	keys := screen.Keys{Asks: true}
	question, _ := keys.Press(ctrlC)
	_, _ = c.err.WriteString("\n" + question + ": ")
	line, err := bufio.NewReader(c.in).ReadString('\n')
	line = strings.TrimSpace(line)
	switch {
	case err != nil:
		reply <- screen.Leave
	case line == "":
		reply <- ""
	default:
		_, do := keys.Press(line[0])
		reply <- do
	}
}
