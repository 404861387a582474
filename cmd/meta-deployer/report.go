package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/report"
	"github.com/meta-deployer/meta-deployer/internal/cli/show"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
)

// report is the command that makes a page of an answer.
func (c *console) report() *cobra.Command {
	minutes := false
	command := &cobra.Command{
		Use: "report ANSWER.json", Short: "Write ANSWER.html beside an answer, a page that needs nothing else; or markdown with --output markdown",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			const largest = 4 << 20
			path := arguments[0]
			raw, err := read(path, largest)
			if err != nil {
				return fmt.Errorf("the answer %q cannot be read: %w", path, err)
			}
			if len(raw) > largest {
				return fmt.Errorf("the answer %q has more than %d bytes, which no answer has", path, largest)
			}
			e, ok := ending.Read(raw)
			if !ok {
				return fmt.Errorf("%q is no answer: give a file with the JSON that a deployer answered, which has a status or an errorType", path)
			}
			if c.output == asMarkdown {
				fmt.Fprint(c.out, show.Markdown(e))
				return nil
			}
			m := report.Minutes{Why: "--minutes reads them from CloudWatch, with your own credentials"}
			if minutes {
				cfg, err := c.aws(command.Context())
				if err != nil {
					return err
				}
				m = report.Read(command.Context(), metrics.New(cfg), e.Answer, c.clock.Now())
			}
			html, err := report.HTML(e, m)
			if err != nil {
				return err
			}
			to := strings.TrimSuffix(path, ".json") + ".html"
			if err := os.WriteFile(to, html, 0o644); err != nil {
				return fmt.Errorf("the report %q cannot be written: %w", to, err)
			}
			fmt.Fprintln(c.out, to)
			return nil
		},
	}
	command.Flags().BoolVar(&minutes, "minutes", false, "read what both versions did meanwhile from CloudWatch, with your own credentials (cloudwatch:GetMetricData)")
	return command
}
