package widget

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/report"
	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

//go:embed widget.html
var source string

// page is what is shown: a list, an answer with buttons, or a failure.
type page struct {
	List            *list
	Answer, Failure ending.Ending
	Minutes         report.Minutes
	Buttons         []button
	// Back says that there is a way to the list.
	Back bool
}

// button calls a function with a JSON object, after a confirmation.
type button struct{ Name, Confirm, Endpoint, Body string }

// list is the aliases that had rollouts.
type list struct {
	Since, Until string
	Rows         []row
	More         bool
}

// row is one of them.
type row struct {
	Target, Weight, At, Ended string
	// Show is what the widget is called with to show it.
	Show string
}

// longestName is how many characters of a name are shown.
const longestName = 200

func listOf(e event, seen []target.Seen, more bool) *list {
	l := &list{Since: moment(e.since), Until: moment(e.until), More: more}
	for _, s := range seen {
		var ended []string
		for _, e := range s.Endings {
			ended = append(ended, fmt.Sprintf("%s %d", e.Name, e.Count))
		}
		r := row{
			Target: printable.Text(s.Target.String(), longestName), Ended: printable.Text(strings.Join(ended, ", "), longestName), At: "–", Weight: "–",
			Show: e.with(map[string]string{"function-name": s.Target.Function, "alias": s.Target.Alias}),
		}
		if !s.At.IsZero() {
			r.Weight, r.At = strconv.FormatFloat(s.Percent, 'f', -1, 64)+" %", moment(s.At)
		}
		l.Rows = append(l.Rows, r)
	}
	return l
}

func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// drawn is a page with what its template puts in as it is.
type drawn struct {
	page
	Dark    bool
	Style   template.CSS
	Content template.HTML
	Own     string
}

// draw makes the JSON text of a page.
func (w Widget) draw(ctx context.Context, e event, p page) ([]byte, error) {
	d := drawn{page: p, Dark: e.dark, Own: w.Own(ctx)}
	var err error
	if d.Style, err = report.Style(); err != nil {
		return nil, err
	}
	if shown := p.shown(); shown != nil {
		if d.Content, err = report.Content(*shown, p.Minutes); err != nil {
			return nil, err
		}
	}
	// JSON as encoding/json writes it has none of the characters that mean something in HTML.
	parsed, err := template.New("widget").Funcs(template.FuncMap{"json": func(text string) template.HTML { return template.HTML(text) }}).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("the widget's template cannot be read: %w", err)
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, d); err != nil {
		return nil, fmt.Errorf("the widget cannot be written: %w", err)
	}
	return json.Marshal(b.String())
}

// shown is the answer or the failure of a page; nil for a list.
func (p page) shown() *ending.Ending {
	switch {
	case p.Failure.Failure != nil:
		return &p.Failure
	case p.List == nil:
		return &p.Answer
	}
	return nil
}
