package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/bench/benchmarks"
)

const (
	mebibyte = 1 << 20
	megabyte = 1e6
)

// The goals.
const (
	goalZIP    = 4.0 * megabyte
	goalMemory = 14 * mebibyte
	goalStart  = 1.1
)

// report is the section of docs/benchmarks.md, without its markers.
func (f findings) report() string {
	parts := []string{
		"## Measured", f.introduction(),
		"### Goals", f.goals(),
		"### Start", f.startTable(),
		"### What Lambda stores", f.sizeTable(),
		"### A rollout of ten steps without waits", f.driveTable(),
		"### Calls of a healthy rollout", f.callTable(),
		"### From the first visible error to traffic back", f.returnTable(),
		"### A turn", f.turnTable(),
	}
	return strings.Join(parts, "\n\n")
}

func (f findings) introduction() string {
	return fmt.Sprintf("Written by `make bench`, in one run on %s, %d of its processors, %s, %s/%s. "+
		"Every figure stands beside its floor from the same run; of a program, that is a bare aws-lambda-go handler that holds the same SDK clients "+
		"and is built with the same flags (`bench/functions/floor`). Programs run in turn, under a Lambda Runtime API on this machine, in a "+
		"simulated account that speaks HTTP; figures are medians.", processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// processor is the machine's, as it calls itself.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if found := regexp.MustCompile(`(?m)^model name\s*: (.+)$`).FindSubmatch(info); err == nil && found != nil {
		return string(found[1])
	}
	return "an unnamed processor"
}

func (f findings) goals() string {
	ours, floor := program{function: "deployer"}, program{"deployer", true}
	t := benchmarks.Table{Header: []string{"of the deployer", "goal", "found", "holds"}}
	zip, ratio, memory := float64(f.sizes[ours]), over(f.started[ours].ready, f.started[floor].ready), f.drives[ours].memory
	t.Add("zip for arm64", fmt.Sprintf("≤ %.1f MB", goalZIP/megabyte), fmt.Sprintf("%.2f MB", zip/megabyte), benchmarks.Yes(zip <= goalZIP))
	t.Add("start", fmt.Sprintf("≤ %.1f times the floor", goalStart), fmt.Sprintf("%.2f times", ratio), benchmarks.Yes(ratio <= goalStart))
	t.Add("peak memory of a rollout", fmt.Sprintf("≤ %d MiB", int(goalMemory/mebibyte)), fmt.Sprintf("%.1f MiB", memory/mebibyte), benchmarks.Yes(memory <= goalMemory))
	return t.String()
}

func (f findings) startTable() string {
	t := benchmarks.Table{Header: []string{"", "exec to first `/next`", "floor", "ratio", "quickest", "floor"}}
	for _, name := range functionNames() {
		ours, floor := f.started[program{name, false}], f.started[program{name, true}]
		t.Add(name, milliseconds(ours.ready), milliseconds(floor.ready), ratio(ours.ready, floor.ready), milliseconds(ours.quickest), milliseconds(floor.quickest))
	}
	ours, floor := f.started[program{"deployer", false}], f.started[program{"deployer", true}]
	answer := benchmarks.Table{Header: []string{"deployer", "", "floor", "ratio"}}
	answer.Add("exec to first answer, of `action: status`", milliseconds(ours.answered), milliseconds(floor.answered), ratio(ours.answered, floor.answered))
	answer.Add("peak memory until then", mebibytes(ours.memory), mebibytes(floor.memory), ratio(ours.memory, floor.memory))
	return fmt.Sprintf("%s\n\n%s\n\n%d starts of each. The floor's first answer comes after the same calls to AWS.", &t, &answer, f.starts)
}

func (f findings) sizeTable() string {
	t := benchmarks.Table{Header: []string{"", "zip for arm64", "floor", "ratio"}}
	for _, name := range functionNames() {
		ours, floor := float64(f.sizes[program{name, false}]), float64(f.sizes[program{name, true}])
		t.Add(name, fmt.Sprintf("%.2f MB", ours/megabyte), fmt.Sprintf("%.2f MB", floor/megabyte), ratio(ours, floor))
	}
	return t.String()
}

func (f findings) driveTable() string {
	ours, floor := f.drives[program{"deployer", false}], f.drives[program{"deployer", true}]
	t := benchmarks.Table{Header: []string{"", "", "floor", "ratio"}}
	t.Add("peak memory", mebibytes(ours.memory), mebibytes(floor.memory), ratio(ours.memory, floor.memory))
	t.Add("CPU, start included", milliseconds(ours.cpu), milliseconds(floor.cpu), ratio(ours.cpu, floor.cpu))
	t.Add("from the event to the answer, start included", milliseconds(ours.wall), milliseconds(floor.wall), ratio(ours.wall, floor.wall))
	sum := 0
	for _, n := range ours.calls {
		sum += n
	}
	return fmt.Sprintf("%s\n\n%d rollouts. The floor makes the same %d calls to AWS and decides nothing.", &t, f.rollouts, sum)
}

func (f findings) callTable() string {
	t := benchmarks.Table{Header: []string{"poll-interval"}}
	for _, op := range operations() {
		t.Header = append(t.Header, string(op))
	}
	t.Header = append(t.Header, "sum", "longer than planned")
	for _, c := range f.counts {
		row, sum := []string{wholeSeconds(c.poll)}, 0
		for _, op := range operations() {
			row, sum = append(row, fmt.Sprint(c.calls[op])), sum+c.calls[op]
		}
		t.Add(append(row, fmt.Sprint(sum), seconds(c.took-10*time.Minute))...)
	}
	return t.String() + "\n\nTen steps of a minute, at 20 requests per second, in virtual time, each call taking 20 ms. The floor is ten UpdateAlias: " +
		"one for each step, blindly."
}

func (f findings) returnTable() string {
	t := benchmarks.Table{Header: []string{"fails", "CloudWatch is behind", "poll-interval", "median", "longest", "floor, median", "floor, longest"}}
	for _, r := range f.returns {
		t.Add(fmt.Sprintf("%.0f %%", 100*r.failing), wholeSeconds(r.delay), wholeSeconds(r.poll),
			seconds(r.ours.median), seconds(r.ours.longest), seconds(r.floor.median), seconds(r.floor.longest))
	}
	return t.String() + "\n\nSteps of two minutes, 20 requests per second, 40 % of them to the new version when it begins to fail, at any moment of a minute. " +
		"Judged as by default; the floor is `\"errors\": \"any\"`, which goes back at the first look that sees an error."
}

func (f findings) turnTable() string {
	t := benchmarks.Table{Header: []string{"", "time", "allocations", "bytes"}}
	add := func(name string, c cost) {
		t.Add(name, fmt.Sprintf("%.1f µs", c.ns/1e3), fmt.Sprintf("%.0f", c.allocations), fmt.Sprintf("%.0f", c.bytes))
	}
	add("one turn that waits", f.turns.turn)
	add("floor: its calls alone", f.turns.floor)
	add(fmt.Sprintf("a rollout of %d turns", f.turns.count), f.turns.rollout)
	return t.String() + "\n\nThe deployer by itself: the account answers at once and without allocations, the log is written to nowhere."
}
