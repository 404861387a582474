package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meta-deployer/meta-deployer/docs"
	"github.com/meta-deployer/meta-deployer/internal/version"
)

// schema is the command that prints what editors and programs check JSON by.
func (c *console) schema() *cobra.Command {
	schemas := map[string][]byte{"request": docs.RequestSchema, "answer": docs.AnswerSchema, "event": docs.EventSchema}
	return &cobra.Command{
		Use: "schema [request|answer|event]", Short: "Print the JSON Schema of the request, of the answer or of an event's detail",
		Args: cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs), ValidArgs: []string{"request", "answer", "event"},
		RunE: func(_ *cobra.Command, arguments []string) error {
			_, err := c.out.Write(schemas[append(arguments, "request")[0]])
			return err
		},
	}
}

// version is the command that prints the version of this program. The deployer's own is in the answer of status.
func (c *console) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this program; status has the deployer's", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.out, version.Number)
			return err
		},
	}
}
