package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

const timeout = time.Minute

// start is how long a program took: the median of its starts, and the quickest.
type start struct {
	ready, quickest time.Duration
	// answered is when its first event was answered; zero where it got none.
	answered time.Duration
	// memory is its peak at the first answer, in bytes.
	memory float64
}

// startAll starts every program so often, one after the other, round after round: what slows the machine down slows all.
func startAll(directory string, rounds int) (map[program]start, error) {
	readies, answers, memories := map[program][]time.Duration{}, map[program][]time.Duration{}, map[program][]int{}
	events, err := firstEvents(directory)
	if err != nil {
		return nil, err
	}
	for range rounds {
		for _, p := range programs() {
			ready, answered, memory, err := startOnce(p.in(directory), events[p])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.in(""), err)
			}
			readies[p] = append(readies[p], ready)
			if answered > 0 {
				answers[p], memories[p] = append(answers[p], answered), append(memories[p], memory)
			}
		}
	}
	all := map[program]start{}
	for p, ready := range readies {
		all[p] = start{ready: median(ready), quickest: least(ready), answered: median(answers[p]), memory: float64(median(memories[p]))}
	}
	return all, nil
}

// firstEvents are what the deployer and its floor are asked first: for the alias's status, and for the same calls.
func firstEvents(directory string) (map[program][]byte, error) {
	ours := program{function: "deployer"}
	status := fmt.Appendf(nil, `{"action": "status", "function-name": %q, "alias": %q}`, functionName, aliasName)
	end, err := driveOnce(ours.in(directory), status)
	if err != nil {
		return nil, err
	}
	same, err := theSameCalls(end.calls)
	return map[program][]byte{ours: status, {"deployer", true}: same}, err
}

// theSameCalls is an event that makes the deployer's floor make calls.
func theSameCalls(counts map[sim.Operation]int) ([]byte, error) {
	return json.Marshal(map[string]any{"calls": counts})
}

// startOnce runs a program to its first question for an event, or with an event to its answer.
func startOnce(path string, event []byte) (ready, answered time.Duration, memory int, err error) {
	account, err := newStandIn()
	if err != nil {
		return 0, 0, 0, err
	}
	defer account.close()
	began := time.Now()
	p, err := runtimetest.Run(path, account.environment())
	if err != nil {
		return 0, 0, 0, err
	}
	defer p.Close()
	if event != nil {
		result := p.Invoke(event, timeout)
		answered = time.Since(began)
		if result.ErrorType != "" {
			return 0, 0, 0, errors.New(result.ErrorType + ": " + result.ErrorMessage)
		}
		if memory, err = p.PeakMemory(); err != nil {
			return 0, 0, 0, err
		}
	}
	ready, err = p.Ready()
	return ready, answered, memory, err
}

// drive is a whole rollout by one process, from its start to its end: the median of what it took.
type drive struct {
	memory float64
	cpu    time.Duration
	wall   time.Duration
	calls  map[sim.Operation]int
}

// driveAll has the deployer run a rollout of ten steps without waits, and its floor make the same calls, in turn.
func driveAll(directory string, rounds int) (map[program]drive, error) {
	ours, floor := program{function: "deployer"}, program{"deployer", true}
	rollout := fmt.Appendf(nil, `{"function-name": %q, "alias": %q, "new-version": "2", "steps": 10, "interval": 0}`, functionName, aliasName)
	var ends [2][]ended
	for range rounds {
		end, err := driveOnce(ours.in(directory), rollout)
		if err != nil {
			return nil, err
		}
		same, err := theSameCalls(end.calls)
		if err != nil {
			return nil, err
		}
		least, err := driveOnce(floor.in(directory), same)
		if err != nil {
			return nil, err
		}
		ends[0], ends[1] = append(ends[0], end), append(ends[1], least)
	}
	return map[program]drive{ours: typical(ends[0]), floor: typical(ends[1])}, nil
}

// ended is what one process has used.
type ended struct {
	memory    int
	cpu, wall time.Duration
	calls     map[sim.Operation]int
}

func driveOnce(path string, event []byte) (end ended, err error) {
	account, err := newStandIn()
	if err != nil {
		return end, err
	}
	defer account.close()
	p, err := runtimetest.Run(path, account.environment())
	if err != nil {
		return end, err
	}
	defer p.Close()
	result := p.Invoke(event, timeout)
	if result.ErrorType != "" {
		return end, errors.New(result.ErrorType + ": " + result.ErrorMessage)
	}
	if end.memory, err = p.PeakMemory(); err != nil {
		return end, err
	}
	p.Kill()
	end.cpu, end.wall, end.calls = p.CPU(), result.Took, account.calls()
	return end, nil
}

// typical is the median of each figure; the calls are always the same.
func typical(ends []ended) drive {
	var memories []int
	var cpus, walls []time.Duration
	for _, e := range ends {
		memories, cpus, walls = append(memories, e.memory), append(cpus, e.cpu), append(walls, e.wall)
	}
	return drive{memory: float64(median(memories)), cpu: median(cpus), wall: median(walls), calls: ends[0].calls}
}
