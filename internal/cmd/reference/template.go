package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// template is what the documents need of a template.
type template struct {
	Metadata struct {
		Interface struct {
			ParameterGroups []struct {
				Label struct {
					Default string `yaml:"default"`
				} `yaml:"Label"`
				Parameters []string `yaml:"Parameters"`
			} `yaml:"ParameterGroups"`
		} `yaml:"AWS::CloudFormation::Interface"`
	} `yaml:"Metadata"`
	Parameters map[string]struct {
		Description   string   `yaml:"Description"`
		Default       *string  `yaml:"Default"`
		AllowedValues []string `yaml:"AllowedValues"`
	} `yaml:"Parameters"`
	Resources map[string]struct {
		Type       string `yaml:"Type"`
		Properties struct {
			Policies []struct {
				PolicyDocument struct {
					Statement []any `yaml:"Statement"`
				} `yaml:"PolicyDocument"`
			} `yaml:"Policies"`
		} `yaml:"Properties"`
	} `yaml:"Resources"`
	Outputs map[string]struct {
		Description string `yaml:"Description"`
	} `yaml:"Outputs"`
}

func readTemplate(path string) (t template, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	var head yaml.Node
	if err := yaml.Unmarshal(raw, &head); err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	plain(&head)
	if err := head.Decode(&t); err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// plain takes CloudFormation's own tags off: !If [...] is a list then, and !Sub a text.
func plain(n *yaml.Node) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		n.Tag = map[yaml.Kind]string{yaml.ScalarNode: "!!str", yaml.SequenceNode: "!!seq", yaml.MappingNode: "!!map"}[n.Kind]
	}
	for _, c := range n.Content {
		plain(c)
	}
}

// parameters is the page of the parameters and outputs of the stack, and of the stack in another account.
func parameters(stack, elsewhere template) []byte {
	var b bytes.Buffer
	b.WriteString("<!-- made by make docs, of template.yaml and target-account.yaml -->\n# The stack's parameters and outputs\n")
	stack.writeParameters(&b, "##")
	b.WriteString("\n## In another account\n\nOf `target-account.yaml`, see [another account](../how-to/another-account.md).\n")
	elsewhere.writeParameters(&b, "###")
	return b.Bytes()
}

// writeParameters writes the tables of one template, below headings of a level.
func (t template) writeParameters(b *bytes.Buffer, level string) {
	for _, group := range t.Metadata.Interface.ParameterGroups {
		fmt.Fprintf(b, "\n%s %s\n\n| parameter | what it is | default |\n|---|---|---|\n", level, group.Label.Default)
		for _, name := range group.Parameters {
			p := t.Parameters[name]
			ends := "required"
			if p.Default != nil {
				ends = code(*p.Default)
			}
			text := cell(p.Description)
			if len(p.AllowedValues) > 0 {
				text += " One of " + strings.Join(p.AllowedValues, ", ") + "."
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, text, ends)
		}
	}
	fmt.Fprintf(b, "\n%s Outputs\n\n| output | what it is |\n|---|---|\n", level)
	for _, name := range slices.Sorted(maps.Keys(t.Outputs)) {
		fmt.Fprintf(b, "| `%s` | %s |\n", name, cell(t.Outputs[name].Description))
	}
}

// permissions is the page of what each role may, in the stack's account and in another.
func permissions(stack, elsewhere template) []byte {
	var b bytes.Buffer
	b.WriteString(`<!-- made by make docs, of template.yaml and target-account.yaml -->
# Permissions

What each function and state machine of the stack may do, and nothing else. No function may delete anything but the schedules that are dead man's switches.
Whoever may invoke the deployer may move every alias that matches ` + "`FunctionNamePattern`" + `:
give ` + "`lambda:InvokeFunction`" + ` with that in mind. [The threat model](../threat-model.md) says what a thief could do with each.
` + "`${…}`" + ` and bare names are parameters and resources of the stack; partition, region and account are its own.
`)
	stack.writeRoles(&b)
	b.WriteString("\n# In another account\n\nWhat the role of `target-account.yaml` may, see [another account](../how-to/another-account.md).\n")
	elsewhere.writeRoles(&b)
	return b.Bytes()
}

// writeRoles writes a table for each role of a template.
func (t template) writeRoles(b *bytes.Buffer) {
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[name]
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		fmt.Fprintf(b, "\n## %s\n\n| for | actions | on | only with |\n|---|---|---|---|\n", name)
		for _, policy := range r.Properties.Policies {
			for _, s := range policy.PolicyDocument.Statement {
				row(b, s, "")
			}
		}
	}
}

// row is a statement, or the first branch of one that stands under a condition.
func row(b *bytes.Buffer, statement any, condition string) {
	switch s := statement.(type) {
	case []any:
		row(b, s[1], fmt.Sprint(s[0]))
	case map[string]any:
		fmt.Fprintf(b, "| %v | %s | %s | %s |\n", s["Sid"], shownList(s["Action"]), shownList(s["Resource"]), condition)
	}
}

// shownList shows one text or several.
func shownList(value any) string {
	var shown []string
	all, several := value.([]any)
	if !several {
		all = []any{value}
	}
	for _, v := range all {
		text := fmt.Sprint(v)
		for _, own := range []string{"arn:${AWS::Partition}:", "${AWS::Region}:${AWS::AccountId}:", "${AWS::AccountId}:"} {
			text = strings.ReplaceAll(text, own, "")
		}
		shown = append(shown, code(text))
	}
	return strings.Join(shown, " ")
}

func code(text string) string {
	if text == "" {
		return "empty"
	}
	return "`" + text + "`"
}

// cell is a text on one line of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
