package main

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// program is what is measured: a function, or its floor.
type program struct {
	function string
	floor    bool
}

// functionNames are the functions, the deployer first.
func functionNames() []string { return []string{"deployer", "pretraffic", "posttraffic"} }

// programs are all of them, each function followed by its floor.
func programs() []program {
	var all []program
	for _, name := range functionNames() {
		all = append(all, program{name, false}, program{name, true})
	}
	return all
}

// source is the program's package, and the directory of the module that it is in.
func (p program) source() (module, name string) {
	if p.floor {
		return ".", "./functions/floor/" + p.function
	}
	return "..", "./functions/" + p.function
}

// in is where the program is, in a directory of programs.
func (p program) in(directory string) string {
	if p.floor {
		return filepath.Join(directory, p.function+"-floor")
	}
	return filepath.Join(directory, p.function)
}

// buildFlags are those of the Makefile.
func buildFlags() []string {
	return []string{"-trimpath", "-buildvcs=false", "-tags", "lambda.norpc,nethttpomithttp2", "-ldflags", "-s -w"}
}

func thisMachine() string { return runtime.GOARCH }

// build compiles every program for an architecture into a directory, and into "arm64" below it for what is shipped.
func build(directory, architecture string) error {
	for _, p := range programs() {
		if err := compile(p, architecture, p.in(directory)); err != nil {
			return err
		}
		if err := compile(p, "arm64", p.in(filepath.Join(directory, "arm64"))); err != nil {
			return err
		}
	}
	return nil
}

func compile(p program, architecture, path string) error {
	module, source := p.source()
	command := exec.Command("go", append(append([]string{"-C", module, "build"}, buildFlags()...), "-o", path, source)...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", source, err, out)
	}
	return nil
}

// sizes are the bytes that each program has as a zip, as Lambda gets it.
func sizes(directory string) (map[program]int, error) {
	found := map[program]int{}
	for _, p := range programs() {
		binary, err := os.ReadFile(p.in(directory))
		if err != nil {
			return nil, err
		}
		var size counter
		archive := zip.NewWriter(&size)
		file, err := archive.Create("bootstrap")
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(binary); err != nil {
			return nil, err
		}
		if err := archive.Close(); err != nil {
			return nil, err
		}
		found[p] = int(size)
	}
	return found, nil
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
