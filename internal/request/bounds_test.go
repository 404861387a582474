package request

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// allocated is how many bytes a parse allocates: the least of three times, because whatever else the process does counts too.
func allocated(raw []byte) uint64 {
	least := uint64(math.MaxUint64)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Parse(raw, home)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// entries is a list or object of so many entries, made by a format with the number.
func entries(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestWhatIsTooLargeIsRefusedAtOnce(t *testing.T) {
	for name, raw := range map[string]string{
		"60,000 alarms":        with(`"alarms": [` + entries(60_000, `"alarm-%d"`) + `]`),
		"2.9 million stages":   with(`"type": "stages", "stages": [` + strings.Repeat(`{},`, 2_900_000) + `{}]`),
		"500,000 unknown keys": with(entries(500_000, `"key-%d": 1`)),
		"a byte too much":      with(`"message": "`) + strings.Repeat(" ", MaxBytes),
	} {
		bytes := []byte(raw)
		assert.Less(t, allocated(bytes), uint64(64<<10), name)
		problems := refusals(t, raw)
		assert.Equal(t, []string{fmt.Sprintf("the request has %d bytes: give at most 262144", len(raw))}, problems, name)
	}
	fits := with("")
	parse(t, fits+strings.Repeat(" ", MaxBytes-len(fits)))
}

// What is wrong costs a few times the request's own size, whatever it is; twice as much of it costs twice as much.
func TestAParseCostsWhatTheRequestIsLong(t *testing.T) {
	for name, make := range map[string]func(n int) string{
		"alarms":       func(n int) string { return with(`"alarms": [` + entries(n, `"%d"`) + `]`) },
		"stages":       func(n int) string { return with(`"type": "stages", "stages": [` + entries(n, `{"x%d":1}`) + `]`) },
		"numbers":      func(n int) string { return with(`"alarms": [` + entries(n, `%d`) + `]`) },
		"metrics":      func(n int) string { return with(`"health-check": {"metrics": [` + entries(n, `{"x%d":1}`) + `]}`) },
		"probes":       func(n int) string { return with(`"health-check": {"probes": [` + entries(n, `{"x%d":1}`) + `]}`) },
		"unknown keys": func(n int) string { return with(entries(n, `"key-%d": 1`)) },
		"a key again":  func(n int) string { return with(entries(n, `"steps": %d`)) },
		"keys in a payload": func(n int) string {
			return with(`"health-check": {"probes": [{"payload": {` + entries(n, `"%d": 1`) + `}}]}`)
		},
		"the same in it": func(n int) string {
			return with(`"health-check": {"probes": [{"payload": {` + entries(n, `"k": %d`) + `}}]}`)
		},
		"dimensions": func(n int) string {
			return with(`"health-check": {"metrics": [{"metric": {"dimensions": {` + entries(n, `"%d":"x"`) + `}}}]}`)
		},
		"paths to be ignored": func(n int) string {
			return with(`"health-check": {"probes": [{"compare": {"ignore": [` + entries(n, `%d`) + `]}}]}`)
		},
		"a deep payload": func(n int) string {
			return with(`"health-check": {"probes": [{"payload": ` + strings.Repeat("[", n/10) + strings.Repeat("]", n/10) + `}]}`)
		},
		"deep keys that repeat": func(n int) string {
			return with(`"health-check": {"probes": [{"payload": ` + strings.Repeat("[", n/10) + `{` + entries(n, `"k":%d`) + `}` + strings.Repeat("]", n/10) + `}]}`)
		},
		"a long value":        func(n int) string { return with(`"type": "` + strings.Repeat("x", 10*n) + `"`) },
		"a long strategy":     func(n int) string { return with(`"type": "Canary` + strings.Repeat("1", 10*n) + `Percent5Minutes"`) },
		"a long key":          func(n int) string { return with(`"` + strings.Repeat("x", 10*n) + `": 1`) },
		"a long text in JSON": func(n int) string { return with(`"health-check": "{` + strings.Repeat("x", 10*n) + `"`) },
	} {
		raw, half := make(10_000), make(5_000)
		require.LessOrEqual(t, len(raw), MaxBytes, name)
		cost := allocated([]byte(raw))
		assert.Less(t, cost, uint64(64*len(raw)+1<<20), name)
		assert.Less(t, float64(cost), 2.6*float64(allocated([]byte(half)))+1<<16, "%s: twice as much", name)
		_, err := Parse([]byte(raw), home)
		if err != nil {
			checkMessage(t, err)
		}
	}
}

// checkMessage asserts that an error can be shown: bounded, printable, a problem on each line.
func checkMessage(t require.TestingT, err error) {
	var problems *ProblemsError
	require.ErrorAs(t, err, &problems)
	require.LessOrEqual(t, len(problems.Problems), mostTexts+1)
	require.LessOrEqual(t, utf8.RuneCountInString(err.Error()), 4000)
	for _, line := range problems.Problems {
		require.LessOrEqual(t, utf8.RuneCountInString(line), mostText)
		require.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsGraphic(r) }), "%q", line)
		require.NotEmpty(t, line)
	}
	require.Equal(t, strings.Join(problems.Problems, "\n"), err.Error())
}

func TestAtMostFiftyProblemsAreListed(t *testing.T) {
	problems := refusals(t, with(entries(50, `"k%d": 1`)))
	assert.Len(t, problems, 50)
	assert.NotContains(t, problems[49], "more")
	problems = refusals(t, with(entries(1234, `"k%d": 1`)))
	require.Len(t, problems, 51)
	assert.Equal(t, "and 1184 more", problems[50])
	assert.Equal(t, `k0 is not a key: docs/reference/request.md has all keys`, problems[0])

	problems = refusals(t, with(entries(60, `"steps": %d`)))
	require.Len(t, problems, 51)
	assert.Equal(t, "and 9 more", problems[50], "the first is no repetition")

	long := refusals(t, with(`"alarms": [`+entries(100, `"`+strings.Repeat("あ", 300)+`%d"`)+`]`))
	assert.Less(t, len(long), 51, "where they are long there are fewer")
	listed, more := len(long)-1, 0
	_, err := fmt.Sscanf(long[listed], "and %d more", &more)
	require.NoError(t, err)
	assert.Equal(t, 100, listed+more)
}

// Whoever says something of a request need not think of it.
func TestWhatIsSaidIsPrintableAndShort(t *testing.T) {
	var said texts
	said.say("%s\n%s", "a\x1b[31m\u202eb", strings.Repeat("あ", 400))
	assert.Equal(t, "a[31mb "+strings.Repeat("あ", mostText-8)+"…", said.list()[0])
	for range 100 {
		said.say("%s", strings.Repeat("あ", 400))
	}
	assert.LessOrEqual(t, utf8.RuneCountInString(strings.Join(said.list(), "\n")), 4000)
	assert.Equal(t, fmt.Sprintf("and %d more", 101-len(said.kept)), said.list()[len(said.kept)])
}

func TestMessagesShowWhatIsInvisible(t *testing.T) {
	for raw, want := range map[string]string{
		`{"\u007f": 1}`:                     `\u007f is not a key`,
		with(`"` + "\u202e" + `sutats": 1`): `\u202esutats is not a key`,
		with(`"": 1`):                       `"" is not a key`,
		with(`" ": 1`):                      `"" is not a key`,
		`{"function-name": "f", "alias": "li` + "\u200b" + `ve", "new-version": 2}`: `alias is "li\u200bve": give`,
		with(`"type": "a` + "\x7f" + `b"`):                                          `type is "a\u007fb": give`,
		with(`"x` + "\x7f" + `": 1, "x` + "\x7f" + `": 1`):                          `x\u007f is given twice`,
		"\x7f": `the request is not JSON (invalid character '\x7f' looking for beginning of value)`,
		with(`"health-check": {"probes": [{"payload": {"` + "\u202e" + `": 1, "` + "\u202e" + `": 2}}]}`): `health-check.probes[0].payload.\u202e is given twice`,
	} {
		_, err := Parse([]byte(raw), home)
		require.ErrorContains(t, err, want, "%q", raw)
		checkMessage(t, err)
	}
	assert.Equal(t, "why not", parse(t, with(`"message": "why\u202e\nnot\u007f"`)).Plan.Message)
	assert.Equal(t, "a b", parse(t, with(`"health-check": {"probes": [{"name": "a\u2066 \u200bb"}]}`)).Plan.Probes[0].Name)
	for _, keys := range []string{`"alarms": ["a\u007f"]`, `"health-check": {"probes": [{"name": "\u202e"}]}`, `"health-check": {"probes": [{"tenant-id": "a\n"}]}`} {
		refusals(t, with(keys))
	}
}

func FuzzParse(f *testing.F) {
	for _, keys := range []string{
		``, `"type": "stages", "stages": [{"weight": 5, "hold": "2m", "approve": true}]`,
		`"health-check": {"errors": {"max-rate": 0.1}}, "alarms": ["a"], "hooks": {"pre-traffic": "h"}`,
		`"health-check": {"probes": [{"name": "a", "payload": {"a": 1, "a": 2}, "tenant-id": "t"}, {"name": "a"}]}, "hooks": true`,
		`"` + "\u202e\x7f" + `": 1, "steps": 1, "steps": 2, "stpes": [], "hand-off": "always", "rollout-id": "x", "execution": "y"`,
		`"type": "Linear0.01PercentEvery0Minutes", "external-id": "secret", "message": "` + "\u202e" + `"`,
	} {
		f.Add([]byte(with(keys)))
	}
	f.Add([]byte(`{"a":`))
	for _, file := range eventFiles(f) {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		// 10,000 steps of a strategy string take 3 MB, whatever the request's size.
		require.LessOrEqual(t, allocated(raw), uint64(64*len(raw)+4<<20))
		r, err := Parse(raw, home)
		if err != nil {
			checkMessage(t, err)
			return
		}
		checkAccepted(t, raw, r)
	})
}

// eventFiles are the requests that the repository shows.
func eventFiles(t require.TestingT) []string {
	files, err := filepath.Glob("../../events/deployer/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// checkAccepted asserts what holds for every request that is accepted.
func checkAccepted(t require.TestingT, raw []byte, r Request) {
	require.True(t, json.Valid(raw))
	if r.Execution == "" {
		require.NotEmpty(t, r.Plan.Function)
		require.True(t, isAlias(r.Plan.Alias))
	}
	require.Equal(t, rollout.Full, r.Plan.Steps[len(r.Plan.Steps)-1].Weight)
	require.LessOrEqual(t, r.Plan.Duration(), rollout.LongestPlan)
	require.GreaterOrEqual(t, r.Plan.Poll, time.Second)
	last := rollout.Weight(0)
	for _, s := range r.Plan.Steps {
		require.Greater(t, s.Weight, last)
		require.GreaterOrEqual(t, s.Hold, time.Duration(0))
		last = s.Weight
	}
	log := string(Redacted(raw))
	require.True(t, json.Valid([]byte(log)))
	for _, text := range append([]string{log, r.Plan.Message}, r.Warnings...) {
		require.False(t, strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }), "%q", text)
	}
}

func TestEveryEventIsARequest(t *testing.T) {
	for _, file := range eventFiles(t) {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		r, err := Parse(raw, home)
		require.NoError(t, err, file)
		checkAccepted(t, raw, r)
	}
}
