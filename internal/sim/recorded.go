package sim

import (
	"embed"
	"encoding/csv"
	"fmt"
	"os"
	"path"
	"strconv"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

//go:embed testdata/recorded/*.csv
var recorded embed.FS

// Recorded reads recorded minutes of an alias: a shipped record by its name, or a file. A record is CSV with the columns
// minute (RFC 3339), invocations and errors, a line for each minute with calls, in order; testdata/README.md says where the
// shipped ones come from.
func Recorded(nameOrFile string) ([]analysis.Minute, error) {
	raw, err := recorded.Open(path.Join("testdata/recorded", nameOrFile+".csv"))
	if err != nil {
		file, err := os.Open(nameOrFile)
		if err != nil {
			return nil, fmt.Errorf("record %q is neither a shipped one nor a file: %w", nameOrFile, err)
		}
		raw = file
	}
	defer func() { _ = raw.Close() }()
	lines, err := csv.NewReader(raw).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", nameOrFile, err)
	}
	var minutes []analysis.Minute
	for i, line := range lines[min(1, len(lines)):] {
		m, err := recordedMinute(line)
		if err != nil {
			return nil, fmt.Errorf("record %s, line %d: %w", nameOrFile, i+2, err)
		}
		minutes = append(minutes, m)
	}
	if len(minutes) == 0 {
		return nil, fmt.Errorf("record %s is empty: give lines of minute,invocations,errors below a line with these names", nameOrFile)
	}
	return minutes, nil
}

// recordedMinute reads a line of a record.
func recordedMinute(line []string) (m analysis.Minute, err error) {
	const fix = "give minute,invocations,errors, such as 2026-01-05T09:00:00Z,1200,3"
	if len(line) != 3 {
		return m, fmt.Errorf("it has %d columns: %s", len(line), fix)
	}
	if m.Start, err = time.Parse(time.RFC3339, line[0]); err != nil {
		return m, fmt.Errorf("%w: %s", err, fix)
	}
	if m.Alias.Invocations, err = strconv.ParseFloat(line[1], 64); err != nil {
		return m, fmt.Errorf("%w: %s", err, fix)
	}
	if m.Alias.Errors, err = strconv.ParseFloat(line[2], 64); err != nil {
		return m, fmt.Errorf("%w: %s", err, fix)
	}
	if !(m.Alias.Errors >= 0 && m.Alias.Errors <= m.Alias.Invocations) {
		return m, fmt.Errorf("%s of %s invocations failed: %s", line[2], line[1], fix)
	}
	return m, nil
}
