// Command judgement measures how well rules for rolling back judge new versions: in simulated worlds, the same for all
// of them. It writes what it found into docs/benchmarks.md, with pictures beside it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/meta-deployer/meta-deployer/bench/benchmarks"
)

func main() {
	docs := flag.String("docs", "../docs", "the directory of benchmarks.md and img")
	seed := flag.Uint64("seed", 1, "what chance begins with: the same seed finds the same")
	harmless := flag.Int("harmless", 100, "rollouts in each world in which the new version is as good as the old one; at low traffic half as many")
	bad := flag.Int("bad", 16, "rollouts in each other world; at low traffic half as many")
	flag.Parse()

	s := study{rules: rules(), seed: *seed, effort: effort{*harmless, *bad}}
	s.cells = simulate(worlds(), s.rules, s.seed, s.effort)
	if err := s.write(*docs); err != nil {
		fmt.Fprintln(os.Stderr, "judgement:", err)
		os.Exit(1)
	}
	fmt.Println(s.targetTable())
	fmt.Println()
	fmt.Println(s.ruleTable())
}

// write puts the report and its pictures into a directory.
func (s study) write(docs string) error {
	if err := os.MkdirAll(filepath.Join(docs, "img"), 0o755); err != nil {
		return err
	}
	for name, picture := range s.pictures() {
		if err := os.WriteFile(filepath.Join(docs, "img", name), []byte(picture), 0o644); err != nil {
			return err
		}
	}
	return benchmarks.Write(docs, "judgement", s.report())
}

// pictures are the files that the report shows.
func (s study) pictures() map[string]string {
	return map[string]string{
		"pareto.svg":   s.paretoPicture(),
		"seconds.svg":  s.secondsPicture(),
		"evidence.svg": s.evidencePicture(),
		"learning.svg": s.learningPicture(),
	}
}
