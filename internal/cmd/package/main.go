// Package makes what can be installed without Go: a zip for each function that make build has built, the template that names
// them, the state machines, a list of what is linked, and the digest of every file. The same code makes the same bytes.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/version"
)

// install is the package's own README.
//
//go:embed INSTALL.md
var install []byte

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

// run makes the package in the root of the repository for an architecture; it returns the exit status.
func run(arguments []string, out io.Writer) int {
	if len(arguments) != 1 || !slices.Contains([]string{"arm64", "x86_64"}, arguments[0]) {
		fmt.Fprintln(out, "usage: package arm64|x86_64")
		return 2
	}
	name := fmt.Sprintf("meta-deployer-%s-%s", version.Number, arguments[0])
	folder := filepath.Join("dist", name)
	files, err := contents(arguments[0])
	if err == nil {
		err = write(folder, files)
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	fmt.Fprintf(out, "%s and %s.zip are made\n", folder, folder)
	return 0
}

// contents are the files of the package, by their names.
func contents(architecture string) (map[string][]byte, error) {
	files := map[string][]byte{}
	mains, err := filepath.Glob("functions/*/main.go")
	if err != nil {
		return nil, err
	}
	var builds []string
	for _, path := range mains {
		function := filepath.Base(filepath.Dir(path))
		builds = append(builds, filepath.Join("dist", function, "bootstrap"))
		program, err := os.ReadFile(builds[len(builds)-1])
		if err != nil {
			return nil, fmt.Errorf("make build first: %w", err)
		}
		if files[function+".zip"], err = zipped(map[string][]byte{"bootstrap": program}); err != nil {
			return nil, err
		}
	}
	for _, pattern := range []string{"template.yaml", "target-account.yaml", "statemachine/*.json", "LICENSE", "CHANGELOG.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			if files[path], err = os.ReadFile(path); err != nil {
				return nil, err
			}
		}
	}
	files["README.md"] = install
	if files["template.yaml"], err = packaged(files["template.yaml"], architecture); err != nil {
		return nil, err
	}
	files["sbom.cdx.json"], err = bill(builds)
	return files, err
}

// write writes the files, their digests, and a zip of all of them beside the folder.
func write(folder string, files map[string][]byte) error {
	var sums bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	files["SHA256SUMS"] = sums.Bytes()
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	inside := map[string][]byte{}
	for name, text := range files {
		inside[filepath.Base(folder)+"/"+name] = text
	}
	all, err := zipped(inside)
	if err != nil {
		return err
	}
	return os.WriteFile(folder+".zip", all, 0o644)
}

// zipped is a zip with nothing in it that differs from one day or machine to another.
func zipped(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
		mode := fs.FileMode(0o644)
		if filepath.Base(name) == "bootstrap" {
			mode = 0o755
		}
		header.SetMode(mode)
		f, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// packaged is the template with the zips for its code, and the architecture that they are for as the only one.
func packaged(template []byte, architecture string) ([]byte, error) {
	var b strings.Builder
	name, function := "", false
	for line := range strings.Lines(string(template)) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   ") {
			name, function = strings.ToLower(strings.TrimSuffix(text, "Function:")), false
		}
		switch {
		case text == "Metadata: {BuildMethod: makefile}" || text == "CodeUri: .":
			continue
		case text == "Type: AWS::Serverless::Function":
			function = true
		case text == "Properties:" && function:
			line, function = line+"      CodeUri: "+name+".zip\n", false
		case text == "Default: arm64":
			line = strings.Replace(line, "arm64", architecture, 1)
		case text == "AllowedValues: [arm64, x86_64]":
			line = strings.Replace(line, "arm64, x86_64", architecture, 1)
		}
		b.WriteString(line)
	}
	made := b.String()
	if strings.Count(made, "AWS::Serverless::Function\n") != strings.Count(made, ".zip\n") || !strings.Contains(made, "["+architecture+"]") {
		return nil, fmt.Errorf("template.yaml is not laid out as it was: not every function got its zip, or its architecture")
	}
	return []byte(made), nil
}
