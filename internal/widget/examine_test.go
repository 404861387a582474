package widget_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// action is what a press of a button does.
type action struct{ kind, endpoint, display, confirmation, body, name string }

// examination is what a dashboard shows, and what can be pressed.
type examination struct {
	text    string
	actions []action
}

// allowed are the elements that the widget has: CloudWatch takes scripts, frames and use away, and the others are none of its
// business (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_create.html).
func allowed() []string {
	return strings.Fields("div style p a cwdb-action table tr th td h1 h2 h3 section ul li svg rect line circle polyline text")
}

// attributes are those that may stand on them: none is an address or a handler.
func attributes() []string {
	return strings.Fields("class scope action endpoint display confirmation viewBox role aria-label x y x1 y1 x2 y2 cx cy r width height points text-anchor")
}

// examined reads HTML as a browser does, and fails the test where anything is in it that is not allowed.
func examined(t require.TestingT, html string) examination {
	var e examination
	var texts []string
	decoder := xml.NewDecoder(bytes.NewReader([]byte(html)))
	var within []string
	previous := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "it is well-formed")
		switch part := token.(type) {
		case xml.StartElement:
			within = append(within, part.Name.Local)
			assert.Contains(t, allowed(), part.Name.Local)
			for _, a := range part.Attr {
				assert.Contains(t, attributes(), a.Name.Local)
			}
			if part.Name.Local == "cwdb-action" {
				is := func(name string) string {
					i := slices.IndexFunc(part.Attr, func(a xml.Attr) bool { return a.Name.Local == name })
					if i < 0 {
						return ""
					}
					return part.Attr[i].Value
				}
				e.actions = append(e.actions, action{is("action"), is("endpoint"), is("display"), is("confirmation"), "", previous})
			}
		case xml.EndElement:
			within = within[:len(within)-1]
		case xml.CharData:
			text := strings.TrimSpace(string(part))
			parent := ""
			if len(within) > 0 {
				parent = within[len(within)-1]
			}
			switch {
			case parent == "style":
				assert.NotRegexp(t, `url\(|@import|expression|https?:`, text, "nothing is fetched")
			case parent == "cwdb-action":
				e.actions[len(e.actions)-1].body = text
			case text != "":
				texts, previous = append(texts, text), text
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			assert.Fail(t, "a comment, an instruction or a directive", "%v", part)
		}
	}
	e.text = strings.Join(texts, " ")
	return e
}

// Whatever others wrote stays text, wherever it comes from: the alias's description, a failure's message, a name, a parameter.
func TestWhatOthersWroteStaysText(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", "</cwdb-action><iframe src=javascript:alert(1)>", `" onclick="alert(1)`, "'", "&lt;", "<use href=#a>",
		"{{.}}", "</div>", "-->", "]]>", "\u202e", "\x1b[31m", "\x00", "a", " ", "💥",
	})
	w := account(t, "")
	rapid.Check(t, func(rt *rapid.T) {
		hostile := strings.Join(rapid.SliceOfN(pieces, 1, 4).Draw(rt, "hostile"), "")
		shown := strings.TrimSpace(printable.Text(hostile, 4000))
		s := &seen{aliases: []target.Seen{{Target: rollout.Target{Function: hostile, Alias: "live"}, Endings: []target.Ending{{Name: hostile, Count: 1}}}}}
		list := examined(rt, call(t, w, s, "{}"))
		assert.Contains(rt, strings.Join(strings.Fields(list.text), " "), strings.Join(strings.Fields(shown), " "))
		assert.Len(rt, list.actions, 1)

		s.err = &target.Error{Kind: target.ErrDenied, Message: hostile}
		assert.Contains(rt, strings.Join(strings.Fields(examined(rt, call(t, w, s, "{}")).text), " "), strings.Join(strings.Fields(shown), " "))

		require.NoError(rt, w.ChangeAlias("stranger", "checkout", "live", func(a *target.Alias) {
			a.Routing = rollout.Routing{Primary: "1"}
			why := []rune(strings.NewReplacer("[", "", "]", "").Replace(hostile))
			a.Description = "[meta-deployer 1>2 rolled back by 3f2c81d2-9a1c07d3e4f5 bad 2 id 20261130-214500000-3a88: " + string(why[:min(len(why), 100)]) + "]"
		}))
		assert.Contains(rt, strings.Join(strings.Fields(examined(rt, call(t, w, s, event(t, "one"))).text), " "), "was rolled back: ")
		one := examined(rt, call(t, w, s, `{"function-name": "checkout", "alias": "live", "message": `+quoted(t, hostile)+`, "nothing`+strings.Trim(quoted(t, hostile), `"`)+`": 1}`))
		assert.NotEmpty(rt, one.text)
	})
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	raw, err := json.Marshal(text)
	require.NoError(t, err)
	return string(raw)
}
