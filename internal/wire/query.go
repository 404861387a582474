package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query is AWS STS's, and that of older clients of Amazon CloudWatch: a form in, XML out.
type query struct{ namespace string }

// decode makes a tree of the form's dotted names: what is under "member" is a list.
func (query) decode(raw []byte) any {
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil
	}
	tree := map[string]any{}
	for name := range form {
		node, path := tree, strings.Split(name, ".")
		for _, part := range path[:len(path)-1] {
			below, ok := node[part].(map[string]any)
			if !ok {
				below = map[string]any{}
				node[part] = below
			}
			node = below
		}
		node[path[len(path)-1]] = form.Get(name)
	}
	return lists(tree)
}

// lists turns {"member": {"1": a, "2": b}} into [a, b].
func lists(value any) any {
	node, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for name, below := range node {
		node[name] = lists(below)
	}
	members, ok := node["member"].(map[string]any)
	if !ok {
		return node
	}
	list := []any{}
	for i := 1; members[strconv.Itoa(i)] != nil; i++ {
		list = append(list, members[strconv.Itoa(i)])
	}
	return list
}

func (p query) write(w http.ResponseWriter, operation string, a Answer) {
	var body bytes.Buffer
	const id = "<RequestId>00000000-0000-4000-8000-000000000000</RequestId>"
	if a.Code != "" {
		fmt.Fprintf(&body, "<ErrorResponse xmlns=%q>", p.namespace)
		element(&body, "Error", map[string]any{"Type": fault(a), "Code": a.Code, "Message": a.Message})
		body.WriteString(id + "</ErrorResponse>")
	} else {
		_, name, _ := strings.Cut(operation, ":")
		fmt.Fprintf(&body, "<%sResponse xmlns=%q>", name, p.namespace)
		element(&body, name+"Result", convert(a.Body, func(t time.Time) any { return t.UTC().Format(time.RFC3339Nano) }))
		fmt.Fprintf(&body, "<ResponseMetadata>%s</ResponseMetadata></%sResponse>", id, name)
	}
	send(w, a, "text/xml", body.Bytes())
}

// element writes a value as XML; the elements of a list are members.
func element(b *bytes.Buffer, name string, value any) {
	fmt.Fprintf(b, "<%s>", name)
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			element(b, key, v[key])
		}
	case []any:
		for _, item := range v {
			element(b, "member", item)
		}
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'f', -1, 64))
	case nil:
	default:
		_ = xml.EscapeText(b, []byte(fmt.Sprint(v)))
	}
	fmt.Fprintf(b, "</%s>", name)
}
