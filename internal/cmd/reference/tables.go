package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// withTables is a page with the tables of a request's keys where it has their marks.
func withTables(path string, request schema) ([]byte, error) {
	page, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	health := request.key("health-check").AnyOf[1]
	for mark, table := range map[string]string{"keys of a request": keys(request), "keys of health-check": keys(health)} {
		begins, ends := "<!-- "+mark+", made by make docs -->\n", "<!-- end -->\n"
		before, rest, found := bytes.Cut(page, []byte(begins))
		_, after, ended := bytes.Cut(rest, []byte(ends))
		if !found || !ended {
			return nil, fmt.Errorf("%s has no place for the %s: %s%s", path, mark, begins, ends)
		}
		page = append(append(append([]byte{}, before...), begins+table+ends...), after...)
	}
	return page, nil
}

// key is the schema of a key.
func (s schema) key(key string) schema {
	for _, p := range s.Properties {
		if p.key == key {
			return p.schema
		}
	}
	return schema{}
}

// keys is a table of an object's keys.
func keys(s schema) string {
	var b strings.Builder
	b.WriteString("| key | what | value | default |\n|---|---|---|---|\n")
	for _, p := range s.Properties {
		fallback := ""
		if p.schema.Default != nil {
			fallback = code(fmt.Sprint(p.schema.Default))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.key, cell(p.schema.Description), cell(p.schema.value()), fallback)
	}
	return b.String()
}

// value says in a few words what a schema takes.
func (s schema) value() string {
	switch {
	case len(s.Enum) > 0:
		return "`" + strings.Join(s.Enum, "` `") + "`"
	case len(s.AnyOf) > 0 && s.Type == "":
		var all []string
		for _, one := range s.AnyOf {
			if text := one.value(); len(all) == 0 || text != all[len(all)-1] {
				all = append(all, text)
			}
		}
		return strings.Join(all, ", or ")
	case s.Type == "string":
		return s.text()
	case s.Type == "array":
		return fmt.Sprintf("list of at most %d", s.MaxItems)
	case len(s.Properties) > 0:
		var all []string
		for _, p := range s.Properties {
			all = append(all, p.key)
		}
		return "object of `" + strings.Join(all, "` `") + "`"
	case s.Maximum != nil:
		return s.bounds()
	}
	return s.Type
}

// grouped is a number with commas between its thousands.
func grouped(n float64) string {
	text := fmt.Sprintf("%.10g", n)
	if n < 1000 || n != float64(int64(n)) {
		return text
	}
	text = fmt.Sprintf("%d", int64(n))
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// text says what a schema of texts takes.
func (s schema) text() string {
	switch {
	case s.Pattern == durationPattern:
		return "a duration such as `\"2m30s\"`"
	case s.MaxLength > 0:
		return fmt.Sprintf("text of at most %d characters", s.MaxLength)
	}
	return "text"
}

// bounds says between which numbers a schema's are.
func (s schema) bounds() string {
	if s.Minimum != nil {
		return fmt.Sprintf("%s from %s to %s", s.Type, grouped(*s.Minimum), grouped(*s.Maximum))
	}
	return fmt.Sprintf("%s above %s, up to %s", s.Type, grouped(*s.ExclusiveMinimum), grouped(*s.Maximum))
}
