// Package strictjson reads JSON objects that others send and whose keys decide something. encoding/json takes a key in
// any case, and the last of two: {"status": "Failed", "STATUS": "Succeeded"} would be a success to it.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/printable"
)

// ErrNotObject is a text that is not one JSON object.
var ErrNotObject = errors.New("not a JSON object")

// maxPath is how many characters of a path are shown.
const maxPath = 100

// DuplicateKeyError is an object that has a key twice.
type DuplicateKeyError struct {
	// Path names the key, such as hooks.pre-traffic or stages[0].weight.
	Path string
}

// Error names the key.
func (e DuplicateKeyError) Error() string {
	return fmt.Sprintf("the key %s is given twice", printable.Text(e.Path, maxPath))
}

// Object reads an object: its values by their exact keys. It fails with ErrNotObject, and with a DuplicateKeyError where
// a key is given twice, in the object itself or anywhere within its values.
func Object(raw []byte) (map[string]json.RawMessage, error) {
	var values map[string]json.RawMessage
	if json.Unmarshal(raw, &values) != nil || values == nil {
		return nil, ErrNotObject
	}
	if paths, _ := Duplicates(raw, 1); len(paths) > 0 {
		return nil, DuplicateKeyError{Path: paths[0]}
	}
	return values, nil
}

// Duplicates finds the keys that are given twice in their object, anywhere within a value that is known to be valid JSON: the
// paths to the first of them, at most so many, and how many more there are.
func Duplicates(raw []byte, most int) (paths []string, more int) {
	s := scan{decoder: json.NewDecoder(bytes.NewReader(raw)), most: most}
	s.decoder.UseNumber()
	s.value()
	return s.found, s.more
}

// scan walks through a value.
type scan struct {
	decoder *json.Decoder
	// path leads to where the scan is.
	path  []step
	found []string
	most  int
	more  int
}

// step leads into an object by a key, or into a list by an index.
type step struct {
	key   string
	index int
	isKey bool
}

// value goes through one value; false where it cannot be read.
func (s *scan) value() bool {
	token, err := s.decoder.Token()
	switch token {
	case json.Delim('{'):
		return s.object()
	case json.Delim('['):
		return s.list()
	}
	return err == nil
}

func (s *scan) object() bool {
	seen := map[string]bool{}
	for s.decoder.More() {
		token, err := s.decoder.Token()
		key, isKey := token.(string)
		if err != nil || !isKey {
			return false
		}
		s.path = append(s.path, step{key: key, isKey: true})
		if seen[key] {
			s.report()
		}
		seen[key] = true
		if !s.value() {
			return false
		}
		s.path = s.path[:len(s.path)-1]
	}
	_, err := s.decoder.Token()
	return err == nil
}

func (s *scan) list() bool {
	s.path = append(s.path, step{})
	for i := 0; s.decoder.More(); i++ {
		s.path[len(s.path)-1].index = i
		if !s.value() {
			return false
		}
	}
	s.path = s.path[:len(s.path)-1]
	_, err := s.decoder.Token()
	return err == nil
}

// report notes that the path leads to a key which was there before.
func (s *scan) report() {
	if len(s.found) == s.most {
		s.more++
		return
	}
	var path strings.Builder
	for _, p := range s.path {
		if p.isKey {
			path.WriteString("." + p.key)
		} else {
			path.WriteString("[" + strconv.Itoa(p.index) + "]")
		}
	}
	s.found = append(s.found, strings.TrimPrefix(path.String(), "."))
}
