// The mutants command shows that the tests can fail: it plants one fault after another, without touching a file, and runs the
// test that has to notice. It fails where a test does not.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

func main() {
	only := flag.String("run", ".", "plant the mutants whose name matches this regular expression")
	flag.Parse()
	os.Exit(run(regexp.MustCompile(*only)))
}

// run is how many mutants were not noticed, or could not be planted.
func run(only *regexp.Regexp) int {
	const atOnce = 2
	var wait sync.WaitGroup
	var mutex sync.Mutex
	slots, failed, tried := make(chan struct{}, atOnce), 0, 0
	for _, m := range mutants() {
		if !only.MatchString(m.name) {
			continue
		}
		tried++
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			problem := m.plant()
			mutex.Lock()
			defer mutex.Unlock()
			if problem != "" {
				failed++
				fmt.Printf("FAIL  %s: %s\n", m.name, problem)
				return
			}
			fmt.Printf("ok    %s: noticed by %s\n", m.name, m.test)
		})
	}
	wait.Wait()
	fmt.Printf("%d of %d mutants noticed\n", tried-failed, tried)
	return failed
}

// plant runs the mutant's test with the fault in place; "" where the test noticed.
func (m mutant) plant() (problem string) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return err.Error()
	}
	changed, problem := m.change(string(source))
	if problem != "" {
		return problem
	}
	directory, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = os.RemoveAll(directory) }()
	overlay, err := m.overlay(directory, changed)
	if err != nil {
		return err.Error()
	}
	if !m.random {
		return m.try(overlay)
	}
	// What a few draws miss by chance, ten times as many do not.
	if problem = m.try(overlay, "-rapid.nofailfile", "-rapid.checks=400"); problem == m.unnoticed() {
		problem = m.try(overlay, "-rapid.nofailfile", "-rapid.checks=4000")
	}
	return problem
}

// try runs the mutant's test once; "" where it noticed.
func (m mutant) try(overlay string, flags ...string) string {
	arguments := []string{"test", "-count=1", "-failfast", "-vet=off", "-ldflags=-s -w", "-timeout", "20m", "-overlay", overlay, "-run", m.test, m.in}
	out, err := exec.Command("go", append(arguments, flags...)...).CombinedOutput()
	switch {
	case err == nil:
		return m.unnoticed()
	case !strings.Contains(string(out), "--- FAIL"):
		return "its test did not run: " + lastLines(string(out))
	}
	return ""
}

// change makes the mutant's edits in a source. problem is why one of them cannot be made; "" for none.
func (m mutant) change(source string) (changed, problem string) {
	for i, edits := 0, append([]string{m.old, m.becomes}, m.also...); i < len(edits); i += 2 {
		if n := strings.Count(source, edits[i]); n != 1 {
			return "", fmt.Sprintf("%q stands %d times in %s", edits[i], n, m.file)
		}
		source = strings.Replace(source, edits[i], edits[i+1], 1)
	}
	return source, ""
}

func (m mutant) unnoticed() string { return "not noticed by " + m.test }

// overlay writes the changed file, and what tells go to build it in the place of the other.
func (m mutant) overlay(directory, changed string) (string, error) {
	file := filepath.Join(directory, filepath.Base(m.file))
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{original: file}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(directory, "overlay.json")
	return overlay, os.WriteFile(overlay, raw, 0o600)
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
