package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// encode is JSON on one line, without escapes that only HTML needs.
func encode(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(b.Bytes())
}

// oneLine is a text without line breaks.
func oneLine(text []byte) string { return strings.Join(strings.Fields(string(text)), " ") }

// lay writes a JSON object with a line for each key, and one for each element of a list of objects: enough to read and
// to compare an answer.
func lay(raw []byte) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return string(raw)
	}
	var lines []string
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return string(raw)
		}
		lines = append(lines, fmt.Sprintf("  %q: %s", key, layList(value)))
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n}"
}

// layList gives each object of a list a line of its own.
func layList(value json.RawMessage) string {
	var elements []json.RawMessage
	if json.Unmarshal(value, &elements) != nil || len(elements) == 0 || elements[0][0] != '{' {
		return string(value)
	}
	lines := make([]string, len(elements))
	for i, element := range elements {
		lines[i] = "    " + string(element)
	}
	return "[\n" + strings.Join(lines, ",\n") + "\n  ]"
}
