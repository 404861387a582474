package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/screen"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Sequences of a terminal: invisible-island.net/xterm/ctlseqs/ctlseqs.html.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearLine  = "\x1b[K"
	clearBelow = "\x1b[J"
	clearAll   = "\x1b[2J\x1b[H"
)

// drawing is a picture that is drawn again and again in the same place.
type drawing struct {
	console *console
	mu      sync.Mutex
	state   screen.State
	// lines is how many lines the last picture had, and width and height how large the terminal was then.
	lines, width, height int
	stopped              bool
}

// picture shows one picture, redrawn in place, and takes keys until stop. The terminal does not echo meanwhile.
func (c *console) picture(r request.Request, asks bool) view {
	d := &drawing{console: c, state: screen.State{Target: r.Plan.Target, New: r.Plan.NewVersion}}
	asked, done := make(chan screen.Ask), make(chan struct{})
	before, err := term.MakeRaw(int(c.in.Fd()))
	if err != nil {
		before = nil
	}
	fmt.Fprint(c.out, hideCursor)
	send := func(what screen.Ask) {
		select {
		case asked <- what:
		case <-done:
		}
	}
	go d.keys(screen.Keys{Asks: asks}, send)
	go d.redraw(send, done)
	d.change(func(*screen.State) {})
	return view{
		asked:   asked,
		planned: func(a answer.Answer) { d.change(func(s *screen.State) { s.Planned(a) }) },
		seen:    func(a answer.Answer) { d.change(func(s *screen.State) { s.Seen(c.clock.Now(), a) }) },
		happened: func(events ...rollout.Event) {
			d.change(func(s *screen.State) { s.Happened(r.Plan, events...) })
		},
		note: func(text string) {
			d.change(func(s *screen.State) { s.Note(c.clock.Now().UTC().Format(time.TimeOnly) + "  " + text) })
		},
		stop: func() {
			d.change(func(s *screen.State) { s.Question = " " })
			close(done)
			d.mu.Lock()
			d.stopped = true
			d.mu.Unlock()
			fmt.Fprint(c.out, showCursor)
			if before != nil {
				_ = term.Restore(int(c.in.Fd()), before)
			}
		},
	}
}

// keys reads keys as long as the program lives.
func (d *drawing) keys(keys screen.Keys, send func(screen.Ask)) {
	var key [1]byte
	for {
		if n, err := d.console.in.Read(key[:]); n == 0 || err != nil {
			return
		}
		question, do := keys.Press(key[0])
		d.change(func(s *screen.State) { s.Question = question })
		if do != "" {
			send(do)
		}
	}
}

// redraw draws every second, because time passes in the picture. A signal leaves.
func (d *drawing) redraw(send func(screen.Ask), done <-chan struct{}) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-signals:
			send(screen.Leave)
		case <-ticker.C:
			d.change(func(*screen.State) {})
		}
	}
}

// change changes the state and draws it over the picture before.
func (d *drawing) change(do func(*screen.State)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return
	}
	do(&d.state)
	width, height, err := term.GetSize(int(d.console.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	var b strings.Builder
	switch {
	case d.lines > 0 && (width != d.width || height != d.height):
		b.WriteString(clearAll) // the terminal has broken the lines anew
	case d.lines > 0:
		fmt.Fprintf(&b, "\x1b[%dA\r", d.lines)
	}
	// The line below is where the cursor stands; the last column would break the line on some terminals.
	frame := d.state.Frame(width-1, height-1, d.console.getenv("NO_COLOR") == "", d.console.clock.Now())
	for _, line := range frame {
		b.WriteString(line + clearLine + "\r\n")
	}
	b.WriteString(clearBelow)
	d.lines, d.width, d.height = len(frame), width, height
	fmt.Fprint(d.console.out, b.String())
}
