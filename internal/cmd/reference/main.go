// Reference writes the documents that are made of the code and the template, so that they cannot differ from them.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

// run writes the documents below the current directory, the root of the repository, or says with -check which are not
// current; it returns the exit status.
func run(arguments []string, out io.Writer) int {
	check := len(arguments) == 1 && arguments[0] == "-check"
	if len(arguments) > 0 && !check {
		fmt.Fprintln(out, "usage: reference [-check]")
		return 2
	}
	documents, err := documents()
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	status := 0
	for _, d := range documents {
		path := filepath.FromSlash(d.path)
		there, err := os.ReadFile(path)
		switch {
		case err == nil && bytes.Equal(there, d.text):
		case check:
			fmt.Fprintf(out, "%s is not current: make docs\n", d.path)
			status = 1
		default:
			if err := os.WriteFile(path, d.text, 0o644); err != nil {
				fmt.Fprintln(out, err)
				return 1
			}
		}
	}
	return status
}

// document is a file that is made.
type document struct {
	path string
	text []byte
}

// documents are all that are made.
func documents() ([]document, error) {
	stack, err := readTemplate("template.yaml")
	if err != nil {
		return nil, err
	}
	elsewhere, err := readTemplate("target-account.yaml")
	if err != nil {
		return nil, err
	}
	request, err := requestSchema().file()
	if err != nil {
		return nil, err
	}
	answer, err := answerSchema().file()
	if err != nil {
		return nil, err
	}
	page, err := withTables("docs/reference/request.md", requestSchema())
	if err != nil {
		return nil, err
	}
	return []document{
		{"docs/reference/parameters.md", parameters(stack, elsewhere)},
		{"docs/reference/permissions.md", permissions(stack, elsewhere)},
		{"docs/reference/request.md", page},
		{"docs/request.schema.json", request},
		{"docs/answer.schema.json", answer},
	}, nil
}
