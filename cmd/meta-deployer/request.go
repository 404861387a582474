package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/payload"
	"github.com/meta-deployer/meta-deployer/internal/request"
)

// keys are the flags of a command that are the request's keys.
type keys struct {
	file  string
	given map[string]*texts
}

// texts are what a flag was given, in words for its help.
type texts struct {
	form  request.Form
	given []string
}

// String is what was given.
func (t *texts) String() string { return strings.Join(t.given, ", ") }

// Set takes another text.
func (t *texts) Set(text string) error {
	t.given = append(t.given, text)
	return nil
}

// Type is the word for the value in the help.
func (t *texts) Type() string {
	switch t.form {
	case request.Number:
		return "number"
	case request.JSON:
		return "json"
	case request.Reason:
		return "reason"
	case request.Text, request.Texts:
	}
	return "text"
}

// keyed gives a command a flag for every key of the request, and for a file that has one.
func keyed(command *cobra.Command) *keys {
	k := &keys{given: map[string]*texts{}}
	flags := command.Flags()
	flags.StringVar(&k.file, "request", "", "a file with the request as JSON, - for the standard input; flags win over it")
	for _, key := range request.Keys() {
		if key.Name != "action" {
			k.given[key.Name] = &texts{form: key.Form}
			flags.Var(k.given[key.Name], key.Name, key.Meaning)
		}
	}
	_ = flags.MarkHidden("alias-name")
	complete(command, "type", "linear", "canary", "exponential", "all-at-once", "stages", "auto")
	complete(command, "on-failure", "rollback", "hold")
	complete(command, "health-check", "true", "false")
	return k
}

// onlyFlags refuses words that are no flag's, such as the name of a request's file.
func onlyFlags(_ *cobra.Command, words []string) error {
	if len(words) > 0 {
		return fmt.Errorf("%q is no flag: give a file that has the request with --request, or each of its keys by its flag", words[0])
	}
	return nil
}

// request is what is to be sent for an action, and what it says. It is refused here as the deployer would refuse it.
func (k *keys) request(in io.Reader, action request.Action, home request.Home) ([]byte, request.Request, error) {
	var file []byte
	var err error
	switch k.file {
	case "":
	case "-":
		file, err = io.ReadAll(io.LimitReader(in, request.MaxBytes+1))
	default:
		file, err = read(k.file, request.MaxBytes)
	}
	if err != nil {
		return nil, request.Request{}, fmt.Errorf("--request is %q, which cannot be read: %w", k.file, err)
	}
	if k.file != "" && len(strings.TrimSpace(string(file))) == 0 {
		return nil, request.Request{}, fmt.Errorf("--request is %q, which is empty: give a file with one JSON object", k.file)
	}
	flags := map[string][]string{}
	for name, t := range k.given {
		flags[name] = t.given
	}
	raw, err := payload.Of(file, action, flags)
	if err != nil {
		return nil, request.Request{}, answer.Invalid(err.Error())
	}
	r, err := request.Parse(raw, home)
	if err != nil {
		return nil, request.Request{}, answer.Invalid(err.Error())
	}
	return raw, r, nil
}

// read reads a file of at most so many bytes, and one more where it is longer.
func read(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most+1))
}
